package beta_test

import (
	"errors"
	"time"

	"tryout/internal/beta"
)

// post is what became of the mail that was due, as "KIND address" lines, sorted.
type post struct {
	Sent    []string
	Dropped []string // not wanted any more when its turn came
	Waiting []string // for an earlier one that is just being sent; due again a second later
}

// deliver does what the outbox does, with a relay that takes everything.
func (w *world) deliver() post {
	w.t.Helper()
	var p post
	w.settleAll(func(m beta.Mail) beta.Settlement {
		line := string(m.Kind) + " " + m.To.Given
		l, wanted, err := w.Letter(w.ctx, m)
		switch {
		case errors.Is(err, beta.ErrNotYet):
			p.Waiting = append(p.Waiting, line)
			return beta.Settlement{State: beta.MailQueued, DueAt: w.clock.Now().Add(time.Second)}
		case err != nil:
			w.t.Fatalf("letter for %s: %v", line, err)
		case !wanted:
			p.Dropped = append(p.Dropped, line)
			s := settled(beta.MailDropped, w.clock.Now())
			if l.Refusal != "" {
				s.State, s.Refusal = beta.MailSuppressed, l.Refusal
			}
			s.Unknowns = m.Unknowns
			return s
		}
		p.Sent = append(p.Sent, line)
		return settled(beta.MailSent, w.clock.Now())
	})
	return post{sorted(p.Sent), sorted(p.Dropped), sorted(p.Waiting)}
}

func (w *world) letter(m beta.Mail) (wanted bool, err error) {
	_, wanted, err = w.Letter(w.ctx, m)
	return wanted, err
}

func (w *world) wanted(m beta.Mail) bool {
	w.t.Helper()
	wanted, err := w.letter(m)
	w.ok(err)
	return wanted
}

// queued claims the mail that is due and returns it as lines, sorted; the
// worker who has it never comes back.
func (w *world) queued() (lines []string) {
	w.t.Helper()
	for mails := w.claim(); len(mails) > 0; mails = w.claim() {
		for _, m := range mails {
			lines = append(lines, string(m.Kind)+" "+m.To.Given)
		}
	}
	return sorted(lines)
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
	w.ok(w.store.SettleMail(w.ctx, beta.Attempt{Claim: "worker", Mail: m, Outcome: s}))
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
