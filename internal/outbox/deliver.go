package outbox

import (
	"context"
	"errors"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// settleTime bounds how long an outcome may take to record once shutdown began.
const settleTime = 10 * time.Second

// deliver makes one attempt and records its outcome.
func (o *Outbox) deliver(ctx context.Context, claim string, m beta.Mail) {
	s := o.attempt(ctx, m)
	// The outcome must be recorded even when ctx ended meanwhile: a message that
	// was taken and not settled would be sent again.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := o.Queue.SettleMail(settle, claim, m, s); err != nil {
		o.Log.Error("settle mail", "mail", m.ID.String(), "state", s.State, "err", err)
		return
	}
	o.Settled(s.State)
	o.Log.Info("mail", "mail", m.ID.String(), "kind", m.Kind, "state", s.State, "attempt", s.Attempts,
		"request", m.RequestID, "step", s.Reply.Step, "code", s.Reply.Code, "enhanced", s.Reply.Enhanced)
}

// attempt sends m if it is still wanted, and says what follows.
func (o *Outbox) attempt(ctx context.Context, m beta.Mail) beta.Settlement {
	if ctx.Err() != nil || o.pause.left(o.Now()) > 0 {
		return o.giveBack(m, o.Now().Add(max(0, o.pause.left(o.Now()))))
	}
	letter, wanted, err := o.Author.Letter(ctx, m)
	switch {
	case err != nil:
		o.logUnlessDone(ctx, "letter", m, err)
		return o.giveBack(m, o.Now().Add(time.Minute))
	case !wanted:
		return o.settled(m, beta.MailDropped)
	}
	message, err := o.Writer.Write(letter, o.Now())
	if err != nil {
		o.Log.Error("write mail", "mail", m.ID.String(), "err", err)
		s := o.settled(m, beta.MailFailed)
		s.Reply = beta.Reply{Step: "write", Text: err.Error()}
		return s
	}
	reply, err := o.Sender.Send(ctx, message)
	return o.judge(m, reply, err)
}

func (o *Outbox) logUnlessDone(ctx context.Context, what string, m beta.Mail, err error) {
	if ctx.Err() == nil {
		o.Log.Error(what, "mail", m.ID.String(), "err", err)
	}
}

// judge turns what the sender said into an outcome.
func (o *Outbox) judge(m beta.Mail, reply mail.Reply, err error) beta.Settlement {
	if err == nil {
		o.pause.over()
		s := o.settled(m, beta.MailSent)
		s.Reply = replyOf(reply, "end of data")
		return s
	}
	var f *mail.Failure
	if !errors.As(err, &f) {
		f = &mail.Failure{Outcome: mail.Temporary, Step: "send", Err: err}
	}
	s := o.afterFailure(m, f)
	s.Reply = replyOf(f.Reply, f.Step)
	if f.Err != nil {
		s.Reply.Text = f.Err.Error()
	}
	return s
}

// afterFailure says what follows a message that was not taken, or may not have been.
func (o *Outbox) afterFailure(m beta.Mail, f *mail.Failure) beta.Settlement {
	switch f.Outcome {
	case mail.Permanent:
		s := o.settled(m, beta.MailFailed)
		s.Undeliverable = isAddressRefusal(f)
		return s
	case mail.Misconfigured:
		until, fresh := o.pause.begin(o.Now())
		if fresh {
			o.Log.Error("the relay refuses us; sending pauses", "relay", f.Reply.Relay, "step", f.Step,
				"code", f.Reply.Code, "until", until, "err", f.Err)
		}
		return o.giveBack(m, until)
	case mail.Cut:
		return o.afterCut(m)
	case mail.Unknown:
		return o.afterSilence(m)
	}
	return o.later(m)
}

// afterCut does not count the attempt, the connection was at fault; but three
// cuts in a row on one mail are that mail's.
func (o *Outbox) afterCut(m beta.Mail) beta.Settlement {
	if m.Cuts+1 >= maxCuts {
		m.Cuts = 0
		return o.later(m)
	}
	s := o.giveBack(m, o.Now().Add(jitter(afterCut)))
	s.Cuts = m.Cuts + 1
	return s
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

// later defers m by its schedule, or gives up when it has become too old.
func (o *Outbox) later(m beta.Mail) beta.Settlement {
	m.Cuts = 0
	if o.Now().Sub(m.QueuedAt) >= maxAge {
		return o.settled(m, beta.MailFailed)
	}
	s := settlement(m, beta.MailDeferred)
	s.DueAt = o.Now().Add(jitter(wait(m.Attempts)))
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

func replyOf(r mail.Reply, step string) beta.Reply {
	return beta.Reply{Relay: r.Relay, Step: step, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text}
}
