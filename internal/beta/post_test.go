package beta_test

import (
	"time"

	"tryout/internal/beta"
)

// post is what became of the mail that was due, as "KIND address" lines, sorted.
type post struct {
	Sent    []string
	Dropped []string // not wanted any more when its turn came
}

// deliver does what the outbox does, with a relay that takes everything.
func (w *world) deliver() post {
	w.t.Helper()
	var p post
	w.settleAll(func(m beta.Mail) beta.Settlement {
		_, wanted, err := w.Letter(w.ctx, m)
		w.ok(err)
		line := string(m.Kind) + " " + m.To.Given
		if !wanted {
			p.Dropped = append(p.Dropped, line)
			return settled(beta.MailDropped, w.clock.Now())
		}
		p.Sent = append(p.Sent, line)
		return settled(beta.MailSent, w.clock.Now())
	})
	return post{sorted(p.Sent), sorted(p.Dropped)}
}

// bounce settles all mail that is due as refused for good by the address itself.
func (w *world) bounce() {
	w.t.Helper()
	w.settleAll(func(beta.Mail) beta.Settlement {
		s := settled(beta.MailFailed, w.clock.Now())
		s.Undeliverable = true
		return s
	})
}

// settleAll claims all mail that is due and settles each as outcome says.
func (w *world) settleAll(outcome func(beta.Mail) beta.Settlement) {
	w.t.Helper()
	for {
		mails := w.claim()
		if len(mails) == 0 {
			return
		}
		for _, m := range mails {
			w.settle(m, outcome(m))
		}
	}
}

// claim takes the mail that is due, as a worker of the outbox does.
func (w *world) claim() []beta.Mail {
	w.t.Helper()
	mails, err := w.store.ClaimMail(w.ctx, "worker", 500, time.Hour)
	w.ok(err)
	return mails
}

func (w *world) settle(m beta.Mail, s beta.Settlement) {
	w.t.Helper()
	w.ok(w.store.SettleMail(w.ctx, "worker", m, s))
}

func settled(state beta.MailState, now time.Time) beta.Settlement {
	return beta.Settlement{State: state, SettledAt: now, Attempts: 1}
}

// about names mails of one kind to several addresses, as [post] does.
func about(kind beta.MailKind, addresses ...string) []string {
	var lines []string
	for _, a := range addresses {
		lines = append(lines, string(kind)+" "+a)
	}
	return sorted(lines)
}
