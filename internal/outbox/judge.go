package outbox

import (
	"context"
	"errors"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// judge turns what the sender said into an outcome.
func (o *Outbox) judge(m beta.Mail, reply mail.Reply, err error) beta.Settlement {
	if err == nil {
		o.pause.over()
		s := o.settled(m, beta.MailSent)
		s.Reply = o.replyOf(reply, "end of data")
		s.Reply.QueueID = reply.QueueID()
		return s
	}
	var f *mail.Failure
	if !errors.As(err, &f) {
		f = &mail.Failure{Outcome: mail.Temporary, Step: "send", Err: err}
	}
	s := o.afterFailure(m, f)
	s.Reply = o.replyOf(f.Reply, f.Step)
	if f.Err != nil {
		s.Reply.Text = f.Err.Error()
	}
	return s
}

// afterFailure says what follows a message that was not taken, or may not have been.
func (o *Outbox) afterFailure(m beta.Mail, f *mail.Failure) beta.Settlement {
	switch f.Outcome {
	case mail.Permanent:
		o.pause.over()
		s := o.settled(m, beta.MailFailed)
		s.Undeliverable = isAddressRefusal(f)
		return s
	case mail.Misconfigured:
		return o.giveBack(m, o.hold(f, 1))
	case mail.Cut:
		return o.afterCut(m, f)
	case mail.Unknown:
		return o.afterSilence(m)
	}
	return o.later(m)
}

// hold pauses all delivery at the last of a number of failures in a row, and
// says so. It returns when the pause ends.
func (o *Outbox) hold(f *mail.Failure, patience int) time.Time {
	until, begun := o.pause.begin(o.Now(), patience)
	if begun {
		o.Log.Error("the relay refuses us; delivery pauses", "relay", f.Reply.Relay, "outcome", f.Outcome.String(),
			"step", f.Step, "code", f.Reply.Code, "err", f.Err, "until", until)
	}
	return until
}

// afterCut does not count the attempt, the connection was at fault; but three
// cuts in a row on one mail are that mail's, and many in a row on any are the
// relay's. What we broke off ourselves to stop is neither.
func (o *Outbox) afterCut(m beta.Mail, f *mail.Failure) beta.Settlement {
	if errors.Is(f, context.Canceled) {
		return o.giveBack(m, o.Now())
	}
	o.hold(f, manyCuts)
	m.Cuts++
	if m.Cuts >= maxCuts {
		return o.later(m)
	}
	return o.giveBack(m, o.Now().Add(spread(afterCut)))
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

// later defers m by its schedule, or gives up when it has become too old. One
// whose reply was lost may have arrived all the same.
func (o *Outbox) later(m beta.Mail) beta.Settlement {
	m.Cuts = 0
	switch old := o.Now().Sub(m.QueuedAt) >= maxAge && m.Attempts >= minAttempts; {
	case old && m.Unknowns > 0:
		return o.settled(m, beta.MailUnknown)
	case old:
		return o.settled(m, beta.MailFailed)
	}
	s := settlement(m, beta.MailDeferred)
	s.DueAt = o.Now().Add(spread(wait(m.Attempts)))
	return s
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
