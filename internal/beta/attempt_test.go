package beta_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"time"

	"tryout/internal/beta"
)

// lease is how long a worker of a play has for a mail.
const lease = time.Minute

// attempt is one delivery, as a worker of the outbox makes it, in its steps.
type attempt struct {
	*play
	claim  string
	mail   beta.Mail
	answer string // to whether the mail is wanted; empty before it was asked
	asked  int64  // when that began
	taken  bool
}

// do takes the next step: "letter", "take" (the relay has the message) or
// what to settle; "sent" and "lost" are taken first.
func (w *attempt) do(step string) {
	switch step {
	case "letter":
		e := w.step("letter", func(e *event) { e.got = w.letterWord() })
		w.answer, w.asked = e.got, e.begun
	case "take":
		w.take()
	case "sent", "lost":
		w.take()
		w.settle(w.outcome(step))
	default:
		w.settle(w.outcome(step))
	}
}

func (w *attempt) take() {
	if w.answer == "wanted" && !w.taken {
		w.step("take", func(e *event) { e.asked = w.asked })
		w.taken = true
	}
}

func (w *attempt) settle(s beta.Settlement) {
	w.step("settle", func(e *event) {
		e.settlement = s
		w.ok(w.store.SettleMail(w.ctx, beta.Attempt{Claim: w.claim, Mail: w.mail, Outcome: s}))
	})
}

func (w *attempt) step(name string, do func(*event)) event {
	return w.event(event{lane: w.claim + " " + w.mail.ID.String(), do: name, mail: w.mail, claim: w.claim}, do)
}

func (w *attempt) letterWord() string {
	wanted, err := w.letter(w.mail)
	switch {
	case errors.Is(err, beta.ErrNotYet):
		return "not yet"
	case err != nil:
		return err.Error()
	case wanted:
		return "wanted"
	}
	return "not wanted"
}

// outcome is what the outbox records when the relay behaves as named.
func (w *attempt) outcome(relay string) beta.Settlement {
	now := w.clock.Now()
	s := beta.Settlement{State: beta.MailDeferred, DueAt: now.Add(lease), Attempts: w.mail.Attempts, Unknowns: w.mail.Unknowns}
	switch cmp.Or(map[string]string{"not wanted": "dropped", "not yet": "wait"}[w.answer], relay) {
	case "dropped":
		s.State, s.SettledAt = beta.MailDropped, now
	case "wait":
		s.State, s.DueAt = beta.MailQueued, now.Add(time.Second)
	case "sent":
		s.State, s.SettledAt = beta.MailSent, now
	case "refused":
		s.State, s.SettledAt, s.Undeliverable = beta.MailFailed, now, true
	case "lost":
		s.Unknowns++
	}
	return s
}

// suffer is an attempt with a relay, and a worker, that may fail.
func (w *attempt) suffer(draw *rand.Rand) {
	switch w.do("letter"); draw.IntN(20) {
	case 0:
		w.do("take") // and then it dies
	case 1:
		// it dies before
	case 2:
		w.do("lost")
	case 3:
		w.do("later")
	case 4:
		w.do("refused")
	case 5:
		w.do("take")
		w.clock.Advance(lease) // and is late
		w.do("sent")
	default:
		w.do("sent")
	}
}

// claimMail takes up to limit mails that are due for as many attempts. It is
// for plays that have the store to themselves.
func (p *play) claimMail(claim string, limit int) (attempts []*attempt) {
	mails, begun := p.due(claim, limit)
	for _, m := range mails {
		attempts = append(attempts, p.attempt(claim, m, begun))
	}
	if mails == nil {
		p.event(event{lane: claim, do: "claim", got: "nothing"}, func(*event) {})
	}
	return attempts
}

// due claims mail, whoever's it is; begun is when that began.
func (p *play) due(claim string, limit int) (mails []beta.Mail, begun int64) {
	begun = p.count.Add(1)
	mails, err := p.store.ClaimMail(p.ctx, claim, limit, lease)
	p.ok(err)
	return mails, begun
}

// attempt is what a claim began.
func (p *play) attempt(claim string, m beta.Mail, begun int64) *attempt {
	w := &attempt{play: p, claim: claim, mail: m}
	w.step("claim", func(e *event) { e.begun, e.at, e.got = begun, m.DueAt.Add(-lease), "claimed" })
	return w
}

// deliverAll has the relay take what is still wanted, until nothing is left.
func (p *play) deliverAll() {
	for range 100 {
		for _, w := range p.claimMail("last", 10) {
			w.do("letter")
			w.do("sent")
		}
		due, err := p.store.NextMail(p.ctx)
		p.ok(err)
		if due.IsZero() {
			return
		}
		p.clock.Advance(max(0, due.Sub(p.clock.Now())))
	}
	p.t.Errorf("mail is left after 100 claims")
}
