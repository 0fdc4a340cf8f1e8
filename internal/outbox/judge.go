package outbox

import (
	"context"
	"errors"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// judge turns what a relay said into an outcome.
func (o *Outbox) judge(r *route, m beta.Mail, began time.Time, reply mail.Reply, err error) beta.Settlement {
	if err == nil {
		r.over(o.Now())
		s := o.settled(m, beta.MailSent)
		s.Reply = o.replyOf(reply, "end of data")
		s.Reply.QueueID = reply.QueueID()
		return s
	}
	f := failure(err)
	s := o.afterFailure(r, m, began, f)
	s.Reply = o.told(f)
	return s
}

// told is what the ledger keeps of a failure.
func (o *Outbox) told(f *mail.Failure) beta.Reply {
	r := o.replyOf(f.Reply, f.Step)
	r.Text = f.Text()
	return r
}

// failure returns what a sender's error says.
func failure(err error) *mail.Failure {
	var f *mail.Failure
	if !errors.As(err, &f) {
		f = &mail.Failure{Outcome: mail.Temporary, Step: "send", Err: err}
	}
	return f
}

// isRelays reports whether err is about the relay alone: another may take the mail.
func isRelays(err error) bool {
	outcome := failure(err).Outcome
	return err != nil && (outcome == mail.Away || outcome == mail.Misconfigured)
}

// afterFailure says what follows a message that was not taken, or may not have been.
func (o *Outbox) afterFailure(r *route, m beta.Mail, began time.Time, f *mail.Failure) beta.Settlement {
	switch f.Outcome {
	case mail.Permanent:
		r.over(o.Now())
		s := o.settled(m, beta.MailFailed)
		s.Undeliverable = isAddressRefusal(f)
		return s
	case mail.Misconfigured:
		o.hold(r, f, fault{began: began, patience: 1})
		return o.giveBack(m, o.opens())
	case mail.Away:
		o.hold(r, f, fault{began: began, patience: 1, away: true})
		return o.wait(m, o.opens())
	case mail.Cut:
		return o.afterCut(r, m, f)
	case mail.Unknown:
		return o.afterSilence(m)
	}
	return o.later(m)
}

// hold notes that a relay failed us, and says so when that begins a pause.
func (o *Outbox) hold(r *route, f *mail.Failure, why fault) {
	why.said = o.told(f)
	if until, begun := r.begin(o.Now(), why); begun {
		o.Log.Error("the relay refuses us; delivery pauses", "relay", f.Reply.Relay, "outcome", f.Outcome.String(),
			"step", f.Step, "code", f.Reply.Code, "err", f.Err, "until", until)
	}
}

// wait gives m back because no relay is there, which counts as no attempt; but
// what has become too old while none was is given up, for the reason that the
// relay was not there the last time.
func (o *Outbox) wait(m beta.Mail, due time.Time) beta.Settlement {
	if o.isOld(m) && o.isLongAway() {
		m.Attempts--
		s := o.giveUp(m)
		s.Reply = o.routes[0].trouble()
		s.Reply.At = o.Now()
		return s
	}
	return o.giveBack(m, due)
}

// afterCut does not count the attempt, the connection was at fault; but three
// cuts in a row on one mail are that mail's, and many in a row on any are the
// relay's. What we broke off ourselves to stop is neither.
func (o *Outbox) afterCut(r *route, m beta.Mail, f *mail.Failure) beta.Settlement {
	if errors.Is(f, context.Canceled) {
		return o.giveBack(m, o.Now())
	}
	o.hold(r, f, fault{patience: manyCuts})
	m.Cuts++
	if m.Cuts >= maxCuts {
		return o.later(m)
	}
	return o.giveBack(m, o.Now().Add(o.spread(afterCut)))
}

// afterSilence sends again after a lost reply, with the same Message-ID, a
// few times; then somebody has to look.
func (o *Outbox) afterSilence(m beta.Mail) beta.Settlement {
	m.Unknowns++
	if m.Unknowns >= maxUnknowns {
		return o.settled(m, beta.MailUnknown)
	}
	return o.later(m)
}

// afterFault defers m for a fault of our own, which the log tells.
func (o *Outbox) afterFault(m beta.Mail) beta.Settlement {
	s := o.later(m)
	s.Reply = beta.Reply{At: o.Now(), Step: "write", Text: "an error on our side; the log says more"}
	return s
}

// later defers m by its schedule, or gives up when it has become too old.
func (o *Outbox) later(m beta.Mail) beta.Settlement {
	m.Cuts = 0
	if o.isOld(m) && m.Attempts >= minAttempts {
		return o.giveUp(m)
	}
	s := settlement(m, beta.MailDeferred)
	s.DueAt = o.Now().Add(o.spread(backoff(m.Attempts)))
	return s
}

func (o *Outbox) isOld(m beta.Mail) bool { return o.Now().Sub(m.QueuedAt) >= maxAge }

// giveUp ends m. One whose reply was lost may have arrived all the same.
func (o *Outbox) giveUp(m beta.Mail) beta.Settlement {
	if m.Unknowns > 0 {
		return o.settled(m, beta.MailUnknown)
	}
	return o.settled(m, beta.MailFailed)
}

// giveBack defers m without counting the attempt.
func (o *Outbox) giveBack(m beta.Mail, due time.Time) beta.Settlement {
	m.Attempts--
	s := settlement(m, beta.MailDeferred)
	if m.Attempts == 0 {
		s.State = beta.MailQueued
	}
	s.DueAt = due
	return s
}

func (o *Outbox) settled(m beta.Mail, state beta.MailState) beta.Settlement {
	s := settlement(m, state)
	s.SettledAt = o.Now()
	return s
}

func settlement(m beta.Mail, state beta.MailState) beta.Settlement {
	return beta.Settlement{State: state, DueAt: m.DueAt, Attempts: m.Attempts, Cuts: m.Cuts, Unknowns: m.Unknowns}
}

func (o *Outbox) replyOf(r mail.Reply, step string) beta.Reply {
	return beta.Reply{At: o.Now(), Relay: r.Relay, Step: step, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text}
}
