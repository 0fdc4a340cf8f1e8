package storetest

import (
	"fmt"
	"slices"
	"time"

	"tryout/internal/beta"
)

const lease = time.Minute

var mailCases = []Case{
	{"everything of a mail is kept", withTest(func(b *bench) {
		want := beta.Mail{
			ID: beta.MailID{Test: round, Tester: 1 << 40, Seq: 7}, Kind: beta.FeedbackMail,
			To: beta.Email{Given: "O'Brien+\"x\"@Bücher.example", Key: "k"}, Vendor: vendor, Batch: "b1", RequestID: "r1",
			QueuedAt: Start, DueAt: Start.Add(time.Millisecond),
		}
		b.queue(want)
		b.clock.Advance(time.Millisecond)
		want.DueAt, want.Attempts = b.clock.Now().Add(lease), 1
		b.want("claimed", b.claim("c", 10), []beta.Mail{want})
	})},
	{"a mail is claimed when it is due, no sooner", withTest(func(b *bench) {
		b.queue(mail(1, time.Millisecond))
		b.want("before", b.claim("c", 10), []beta.Mail(nil))
		b.clock.Advance(time.Millisecond)
		b.wantClaimed(b.claim("c", 10), 1)
	})},
	{"the longest due go first", withTest(func(b *bench) {
		b.queue(mail(1, 3*time.Second), mail(2, time.Second), mail(3, 2*time.Second), mail(4, time.Hour))
		b.clock.Advance(time.Minute)
		b.wantClaimed(b.claim("c", 2), 2, 3)
		b.wantClaimed(b.claim("c", 2), 1)
	})},
	{"the next mail is the earliest that is not settled", withTest(func(b *bench) {
		b.wantNext(time.Time{})
		b.queue(mail(1, 2*time.Second), mail(2, time.Second))
		b.wantNext(Start.Add(time.Second))
		b.clock.Advance(time.Second)
		second := b.claim("c", 10)[0]
		b.wantNext(Start.Add(2 * time.Second))
		b.clock.Advance(time.Second)
		first := b.claim("c", 10)[0]
		b.wantNext(second.DueAt)
		b.settle("c", second, beta.Settlement{State: beta.MailDeferred, DueAt: Start.Add(time.Hour), Attempts: 1})
		b.settle("c", first, sent(b.clock.Now()))
		b.wantNext(Start.Add(time.Hour))
	})},
	{"where every mail to a tester is can be asked", withTest(func(b *bench) {
		other, reminder := mail(2, 0), mail(1, time.Hour)
		reminder.ID.Seq, reminder.Kind = 2, beta.ReminderMail
		b.queue(mail(1, 0), reminder, other)
		b.wantMails(1, status{Kind: beta.InvitationMail, State: beta.MailQueued}, status{Kind: beta.ReminderMail, State: beta.MailQueued})
		b.wantMails(3)
		for _, step := range []struct {
			state    beta.MailState
			unknowns int
		}{
			{beta.MailDeferred, 2}, {beta.MailQueued, 0}, {beta.MailSent, 0},
		} {
			b.claim("c", 10)
			b.wantMails(2, status{Kind: beta.InvitationMail, State: beta.MailSending, Unknowns: b.unknowns(2)})
			b.settle("c", other, beta.Settlement{State: step.state, Unknowns: step.unknowns})
			b.wantMails(2, status{Kind: beta.InvitationMail, State: step.state, Unknowns: step.unknowns})
		}
	})},
	{"why a mail was suppressed stands apart from what was tried", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		later := beta.Settlement{State: beta.MailDeferred, DueAt: b.clock.Now(), Attempts: 1, Reply: beta.Reply{At: Start, Relay: "x", Step: "RCPT TO", Code: 450}}
		b.settle("c", b.claim("c", 1)[0], later)
		b.settle("c", b.claim("c", 1)[0], beta.Settlement{State: beta.MailSuppressed, SettledAt: b.clock.Now(), Refusal: beta.BecauseLeft})
		later.Reply.State = beta.MailDeferred
		b.view(func(r beta.Reader) error {
			mails, err := r.TesterMails(round, 1)
			b.want("refusal", mails[0].Refusal, beta.BecauseLeft)
			b.want("attempts", mails[0].Replies, []beta.Reply{later.Reply})
			batch, _ := r.BatchMails(beta.Batch{ID: mails[0].Batch, Test: round}, []int64{1})
			b.want("refusal in the batch", batch[1].Refusal, beta.BecauseLeft)
			return err
		})
	})},
	{"what came back is added to what was tried", withTest(func(b *bench) {
		b.queue(mail(1, 0), mail(2, 0))
		took := sent(b.clock.Now())
		took.Reply = beta.Reply{At: Start, Relay: "mx.example:25", Step: "end of data", Code: 250, Text: "Ok", QueueID: "4F2C"}
		for _, m := range b.claim("c", 10) {
			b.settle("c", m, took)
		}
		took.Reply.State = beta.MailSent
		late := beta.Reply{At: Start, State: beta.MailDeferred, Relay: "x", Step: "delayed", Text: "\"late\""}
		back := beta.Reply{At: Start.Add(time.Second), State: beta.MailBounced, Relay: "mx.example", Step: "returned", Code: 550, Enhanced: "5.1.1", Text: "gone\n"}
		b.update(func(tx beta.Tx) error {
			b.ok(tx.NoteReturn(mail(1, 0).ID, beta.MailSent, back))
			return tx.NoteReturn(mail(1, 0).ID, beta.MailQueued, late) // it is not queued any more
		})
		b.view(func(r beta.Reader) error {
			one, err := r.TesterMails(round, 1)
			b.want("attempts", one[0].Replies, []beta.Reply{took.Reply, back, late})
			b.want("state", one[0].State, beta.MailBounced)
			b.want("settled", one[0].SettledAt, Start)
			two, _ := r.TesterMails(round, 2)
			b.want("attempts of another", two[0].Replies, []beta.Reply{took.Reply})
			return err
		})
	})},
	{"a mail is queued once", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		if err := b.Update(b.ctx, func(tx beta.Tx) error { return tx.QueueMails([]beta.Mail{mail(1, 0)}) }); err == nil {
			b.Error("the same mail was queued twice")
		}
		b.wantClaimed(b.claim("c", 10), 1)
	})},
}

// mail is an invitation to the tester with this number, due after a while.
func mail(number int64, due time.Duration) beta.Mail {
	return beta.Mail{
		ID: beta.MailID{Test: round, Tester: number, Seq: 1}, Kind: beta.InvitationMail,
		To: beta.Email{Given: "a@x.test", Key: "a@x.test"}, Vendor: vendor, QueuedAt: Start, DueAt: Start.Add(due),
	}
}

func sent(now time.Time) beta.Settlement {
	return beta.Settlement{State: beta.MailSent, SettledAt: now, Attempts: 1}
}

func (b *bench) queue(mails ...beta.Mail) {
	b.Helper()
	b.update(func(tx beta.Tx) error { return tx.QueueMails(mails) })
}

func (b *bench) claim(claim string, limit int) []beta.Mail {
	b.Helper()
	mails, err := b.ClaimMail(b.ctx, claim, limit, lease)
	b.ok(err)
	return mails
}

func (b *bench) settle(claim string, m beta.Mail, s beta.Settlement) {
	b.Helper()
	b.ok(b.SettleMail(b.ctx, beta.Attempt{Claim: claim, Mail: m, Outcome: s}))
}

// wantClaimed checks whose mails were claimed, in any order.
func (b *bench) wantClaimed(mails []beta.Mail, want ...int64) {
	b.Helper()
	var got []int64
	for _, m := range mails {
		got = append(got, m.ID.Tester)
	}
	slices.Sort(got)
	slices.Sort(want)
	b.want("claimed the mail of testers", got, want)
}

func (b *bench) wantNext(want time.Time) {
	b.Helper()
	got, err := b.NextMail(b.ctx)
	b.ok(err)
	b.want("next mail", got, want)
}

// status is where a mail is on its way.
type status struct {
	Kind     beta.MailKind
	State    beta.MailState
	Unknowns int
}

func (b *bench) mailsOf(number int64) (list []status) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		mails, err := r.TesterMails(round, number)
		list = nil
		for _, m := range mails {
			list = append(list, status{m.Kind, m.State, m.Unknowns})
		}
		return err
	})
	return list
}

func (b *bench) unknowns(number int64) int {
	b.Helper()
	return b.mailsOf(number)[0].Unknowns
}

func (b *bench) wantMails(number int64, want ...status) {
	b.Helper()
	b.want(fmt.Sprintf("mails of tester %d", number), b.mailsOf(number), want)
}
