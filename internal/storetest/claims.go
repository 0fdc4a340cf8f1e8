package storetest

import (
	"fmt"
	"sync"
	"time"

	"tryout/internal/beta"
)

var claimCases = []Case{
	{"what one has claimed another does not get", withTest(func(b *bench) {
		b.queue(mail(1, 0), mail(2, 0))
		one, two := b.claim("one", 1), b.claim("two", 10)
		b.want("claimed", []int{len(one), len(two)}, []int{1, 1})
		if len(one) == 1 && len(two) == 1 && one[0].ID == two[0].ID {
			b.Errorf("both have %s", one[0].ID)
		}
		b.want("left", b.claim("three", 10), []beta.Mail(nil))
	})},
	{"many who claim at once never get the same", withTest(claimAtOnce)},
	{"a lapsed claim is claimed again, as another attempt", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		b.claim("one", 10)
		b.clock.Advance(lease - time.Millisecond)
		b.want("before it lapsed", b.claim("two", 10), []beta.Mail(nil))
		b.clock.Advance(time.Millisecond)
		again := b.claim("two", 10)
		b.wantClaimed(again, 1)
		if len(again) == 1 {
			b.want("attempts, and those of which nobody knows", []int{again[0].Attempts, again[0].Unknowns}, []int{2, 1})
		}
	})},
	{"who lost the claim settles nothing", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		b.clock.Advance(lease)
		b.claim("two", 10)
		lost := sent(b.clock.Now())
		lost.Undeliverable = true
		b.settle("one", m, lost)
		b.wantTester(m, beta.InvitationMail.Bit(), false)
		b.settle("two", m, sent(b.clock.Now()))
		b.wantTester(m, 0, false)
	})},
	{"a claim that lapsed and nobody took can still be settled", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		b.clock.Advance(2 * lease)
		b.settle("one", m, sent(b.clock.Now()))
		b.wantTester(m, 0, false)
		b.want("left", b.claim("two", 10), []beta.Mail(nil))
	})},
	{"a mail is settled once", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		b.settle("one", m, sent(b.clock.Now()))
		b.settle("one", m, beta.Settlement{State: beta.MailDeferred, DueAt: Start})
		b.want("left", b.claim("two", 10), []beta.Mail(nil))
		b.wantNext(time.Time{})
	})},
	{"a deferred mail comes back as it was left", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		b.settle("one", m, beta.Settlement{
			State: beta.MailDeferred, DueAt: Start.Add(time.Hour), Attempts: 1, Cuts: 2, Unknowns: 1,
			Reply: beta.Reply{Relay: "mx.example:25", Step: "RCPT TO", Code: 450, Enhanced: "4.2.1", Text: "later"},
		})
		b.wantTester(m, beta.InvitationMail.Bit(), false) // still unsettled
		b.clock.Advance(time.Hour - time.Millisecond)
		b.want("too soon", b.claim("two", 10), []beta.Mail(nil))
		b.clock.Advance(time.Millisecond)
		again := b.claim("two", 10)
		m.DueAt, m.Attempts, m.Cuts, m.Unknowns = b.clock.Now().Add(lease), 2, 2, 1
		b.want("again", again, []beta.Mail{m})
	})},
	{"settling frees the tester for the next mail of that kind alone", withTest(func(b *bench) {
		m := b.invited()
		t := b.list()[0]
		t.Unsettled |= beta.FeedbackMail.Bit()
		b.update(func(tx beta.Tx) error { return tx.SaveTesters(round, []beta.Tester{t}) })
		b.claim("one", 10)
		b.settle("one", m, sent(b.clock.Now()))
		b.wantTester(m, beta.FeedbackMail.Bit(), false)
	})},
	{"an address that refused for good is noted", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		refused := sent(b.clock.Now())
		refused.State, refused.Undeliverable = beta.MailFailed, true
		b.settle("one", m, refused)
		b.wantTester(m, 0, true)
		m.ID.Seq = 2
		b.queue(m)
		b.claim("two", 10)
		b.settle("two", m, sent(b.clock.Now()))
		b.wantTester(m, 0, true) // one success does not take it back
	})},
	{"outcomes recorded together are each its own", withTest(func(b *bench) {
		one, two := b.invited(), mail(2, 0)
		feedback := one
		feedback.ID.Seq, feedback.Kind = 2, beta.FeedbackMail
		t := b.list()[0]
		t.Unsettled |= beta.FeedbackMail.Bit() | beta.ReminderMail.Bit()
		b.update(func(tx beta.Tx) error { return tx.SaveTesters(round, []beta.Tester{t}) })
		b.queue(two, feedback)
		b.claim("c", 10)
		refused, later := sent(b.clock.Now()), beta.Settlement{State: beta.MailDeferred, DueAt: Start.Add(time.Hour), Attempts: 1}
		refused.State, refused.Undeliverable = beta.MailFailed, true
		refused.Reply.Text = "\xff\"'"
		b.ok(b.SettleMail(b.ctx, beta.Attempt{Claim: "c", Mail: feedback, Outcome: sent(b.clock.Now())},
			beta.Attempt{Claim: "lost", Mail: two, Outcome: refused}, beta.Attempt{Claim: "c", Mail: two, Outcome: later},
			beta.Attempt{Claim: "c", Mail: one, Outcome: refused}))
		b.wantTester(one, beta.ReminderMail.Bit(), true) // freed of both, and noted
		b.wantMails(1, status{Kind: beta.InvitationMail, State: beta.MailFailed}, status{Kind: beta.FeedbackMail, State: beta.MailSent})
		b.wantMails(2, status{Kind: beta.InvitationMail, State: beta.MailDeferred})
		b.wantNext(later.DueAt)
	})},
	{"settling does not touch who was added again", withTest(func(b *bench) {
		m := b.invited()
		b.claim("one", 10)
		again := tester(2, "a@x.test")
		again.Unsettled = beta.InvitationMail.Bit()
		b.update(func(tx beta.Tx) error {
			b.ok(tx.RemoveTesters(round, []beta.Tester{tester(1, "a@x.test")}, Start))
			return second(tx.AddTesters(round, []beta.Tester{again}))
		})
		refused := sent(b.clock.Now())
		refused.Undeliverable = true
		b.settle("one", m, refused)
		b.want("the new tester", b.list(), []beta.Tester{again})
	})},
}

// invited is a tester with an unsettled invitation, which is returned.
func (b *bench) invited() beta.Mail {
	b.Helper()
	t, m := tester(1, "a@x.test"), mail(1, 0)
	t.Mails, t.Unsettled = 1, beta.InvitationMail.Bit()
	b.update(func(tx beta.Tx) error {
		b.ok(second(tx.AddTesters(round, []beta.Tester{t})))
		return tx.QueueMails([]beta.Mail{m})
	})
	return m
}

func (b *bench) wantTester(m beta.Mail, unsettled beta.MailKinds, undeliverable bool) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		t, _, err := r.Tester(round, m.To.Key)
		if t.Unsettled != unsettled || (t.Blocked == beta.BecauseUndeliverable) != undeliverable {
			b.Errorf("tester: got unsettled %b, undeliverable %v; want %b, %v", t.Unsettled, t.Blocked, unsettled, undeliverable)
		}
		return err
	})
}

// claimAtOnce lets eight workers claim until nothing is left.
func claimAtOnce(b *bench) {
	var mails []beta.Mail
	for i := range int64(200) {
		mails = append(mails, mail(i, 0))
	}
	b.queue(mails...)
	var mu sync.Mutex
	holders := map[beta.MailID][]string{}
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			name := fmt.Sprint("worker ", w)
			for got := b.claim(name, 3); len(got) > 0; got = b.claim(name, 3) {
				mu.Lock()
				for _, m := range got {
					holders[m.ID] = append(holders[m.ID], name)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	b.want("mails claimed", len(holders), len(mails))
	for id, names := range holders {
		if len(names) != 1 {
			b.Errorf("mail %s was claimed by %v", id, names)
		}
	}
}
