package storetest

import (
	"fmt"
	"time"

	"tryout/internal/beta"
)

var attemptCases = []Case{
	{"what comes to the same again is counted, with its first and last time", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		for range 700 {
			b.tryAgain(beta.Reply{Step: "connect", Text: "refused \xff"})
		}
		b.tryAgain(beta.Reply{Step: "RCPT TO", Code: 450})
		b.tryAgain(beta.Reply{Step: "connect", Text: "refused \xff"})
		b.wantAttempts(
			beta.Reply{At: Start.Add(700 * time.Minute), Times: 700, Since: Start.Add(time.Minute), State: beta.MailDeferred, Step: "connect", Text: "refused \uFFFD"},
			beta.Reply{At: Start.Add(701 * time.Minute), State: beta.MailDeferred, Step: "RCPT TO", Code: 450},
			beta.Reply{At: Start.Add(702 * time.Minute), State: beta.MailDeferred, Step: "connect", Text: "refused \uFFFD"},
		)
	})},
	{"an attempt that came to nothing changes no line", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		b.tryAgain(beta.Reply{Step: "connect"})
		b.settle("c", b.next(), beta.Settlement{State: beta.MailDeferred, DueAt: b.clock.Now()})
		b.wantAttempts(beta.Reply{At: Start.Add(time.Minute), State: beta.MailDeferred, Step: "connect"})
	})},
	{"the end of a mail and what came back are lines of their own", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		b.tryAgain(beta.Reply{Step: "connect"})
		late := beta.Reply{At: Start, State: beta.MailDeferred, Step: string(beta.ReturnTemporary)}
		b.update(func(tx beta.Tx) error { return tx.NoteReturn(mail(1, 0).ID, "", late) })
		b.tryAgain(beta.Reply{Step: "connect"})
		failed := sent(b.clock.Now())
		failed.State, failed.Reply = beta.MailFailed, beta.Reply{At: b.clock.Now(), Step: "connect"}
		b.settle("c", b.next(), failed)
		b.wantAttempts(
			beta.Reply{At: Start.Add(time.Minute), State: beta.MailDeferred, Step: "connect"}, late,
			beta.Reply{At: Start.Add(2 * time.Minute), State: beta.MailDeferred, Step: "connect"},
			beta.Reply{At: Start.Add(2 * time.Minute), State: beta.MailFailed, Step: "connect"},
		)
	})},
	{"a relay with ever new words fills no log", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		for n := range 300 {
			b.tryAgain(beta.Reply{Code: 450, Text: fmt.Sprint("try ", n)})
		}
		got := b.attempts()
		last := beta.Reply{At: Start.Add(300 * time.Minute), Times: 201, Since: Start.Add(100 * time.Minute), State: beta.MailDeferred, Code: 450, Text: "try 299"}
		b.want("lines", len(got), 100)
		b.want("the last", got[len(got)-1], last)
		b.want("the first", got[0].Text, "try 0")
		b.settle("c", b.next(), beta.Settlement{State: beta.MailDeferred, DueAt: b.clock.Now()})
		late := beta.Reply{At: Start, State: beta.MailDeferred, Step: string(beta.ReturnTemporary)}
		b.update(func(tx beta.Tx) error { return tx.NoteReturn(mail(1, 0).ID, "", late) })
		b.tryAgain(beta.Reply{Code: 451})
		failed := sent(b.clock.Now())
		failed.State, failed.Reply = beta.MailFailed, beta.Reply{At: b.clock.Now(), Code: 550}
		b.settle("c", b.next(), failed)
		b.update(func(tx beta.Tx) error { return tx.RequeueMails([]beta.MailRecord{{Mail: mail(1, 0)}}, b.clock.Now()) })
		b.tryAgain(beta.Reply{Code: 452})
		got = b.attempts()
		b.want("what came of nothing, came back and ended", got[99:102], []beta.Reply{last, late, got[101]})
		b.want("and after it", []int{len(got), got[102].Code, got[103].Code}, []int{104, 550, 452})
	})},
	{"who lost the claim leaves the attempts as they are", withTest(func(b *bench) {
		b.queue(mail(1, 0))
		b.tryAgain(beta.Reply{Step: "connect"})
		m := b.next()
		again := beta.Settlement{State: beta.MailDeferred, DueAt: b.clock.Now(), Reply: beta.Reply{At: Start.Add(time.Hour), Step: "connect"}}
		lost := again
		lost.Reply.Code = 450
		b.ok(b.SettleMail(b.ctx, beta.Attempt{Claim: "lost", Mail: m, Outcome: lost}, beta.Attempt{Claim: "c", Mail: m, Outcome: again},
			beta.Attempt{Claim: "later", Mail: m, Outcome: again}))
		b.settle("c", m, again) // it is settled
		b.wantAttempts(beta.Reply{At: Start.Add(time.Hour), Times: 2, Since: Start.Add(time.Minute), State: beta.MailDeferred, Step: "connect"})
	})},
}

// next claims the mail, which is due.
func (b *bench) next() beta.Mail {
	b.Helper()
	list := b.claim("c", 10)
	b.want("claimed", len(list), 1)
	return list[0]
}

// tryAgain makes an attempt that leaves the mail due, a minute after the last.
func (b *bench) tryAgain(r beta.Reply) {
	b.Helper()
	b.clock.Advance(time.Minute)
	r.At = b.clock.Now()
	b.settle("c", b.next(), beta.Settlement{State: beta.MailDeferred, DueAt: b.clock.Now(), Attempts: 1, Reply: r})
}

func (b *bench) attempts() (list []beta.Reply) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		mails, err := r.TesterMails(round, 1)
		list = mails[0].Replies
		return err
	})
	return list
}

func (b *bench) wantAttempts(want ...beta.Reply) {
	b.Helper()
	b.want("attempts", b.attempts(), want)
}
