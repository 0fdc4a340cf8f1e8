package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tryout/internal/beta"
)

const (
	settleTime  = 10 * time.Second // how long an outcome may take to record once shutdown began
	settleAgain = time.Second      // between two tries at that
	notYet      = time.Second      // until a mail that waits for another is looked at again
)

// deliver makes one attempt and records its outcome.
func (o *Outbox) deliver(ctx context.Context, c claimed) {
	s := o.attempt(ctx, c.Mail)
	if err := o.settle(ctx, c, s); err != nil {
		o.Log.Error("settle mail", "mail", c.ID.String(), "state", s.State, "err", err)
		return
	}
	if s.SettledAt.IsZero() {
		o.bell.ring() // it is due again, perhaps before anything else
	}
	o.Settled(s.State)
	o.Log.Info("mail", "mail", c.ID.String(), "kind", c.Kind, "state", s.State, "attempt", s.Attempts,
		"request", c.RequestID, "step", s.Reply.Step, "code", s.Reply.Code, "enhanced", s.Reply.Enhanced)
}

// settle records an outcome, and tries for as long as the claim holds: a
// message that was taken and not settled would be sent again. Once ctx is done,
// settleTime is left.
func (o *Outbox) settle(ctx context.Context, c claimed, s beta.Settlement) error {
	hold, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(c.DueAt.Sub(o.Now()), settleTime))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		sleep(hold, nil, settleTime)
		cancel()
	})()
	for {
		err := o.Queue.SettleMail(hold, c.claim, c.Mail, s)
		if err == nil || !sleep(hold, nil, settleAgain) {
			return err
		}
	}
}

// attempt sends m if there is time for it, and says what follows. An attempt
// has the first half of the lease to begin the message and the second half to
// finish it: nobody else claims a mail that is being sent.
func (o *Outbox) attempt(ctx context.Context, m beta.Mail) (s beta.Settlement) {
	defer func() {
		if p := recover(); p != nil {
			o.Log.Error("delivery panicked", "mail", m.ID.String(), "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			s = o.afterFault(m)
		}
	}()
	now := o.Now()
	pause, left := o.pause.left(now), m.DueAt.Sub(now)-o.Lease/2
	if ctx.Err() != nil || pause > 0 || left <= 0 {
		return o.giveBack(m, now.Add(max(0, pause)))
	}
	within, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return o.send(within, m)
}

// send sends m if it is still wanted.
func (o *Outbox) send(ctx context.Context, m beta.Mail) beta.Settlement {
	letter, wanted, err := o.Author.Letter(ctx, m)
	switch {
	case err != nil && ctx.Err() != nil:
		return o.giveBack(m, o.Now())
	case errors.Is(err, beta.ErrNotYet):
		return o.giveBack(m, o.Now().Add(notYet))
	case err != nil:
		o.Log.Error("letter", "mail", m.ID.String(), "err", err)
		return o.afterFault(m)
	case !wanted:
		return o.settled(m, beta.MailDropped)
	}
	message, err := o.Writer.Write(letter, o.Now())
	if err != nil {
		o.Log.Error("write mail", "mail", m.ID.String(), "err", err)
		s := o.settled(m, beta.MailFailed)
		s.Reply = beta.Reply{At: o.Now(), Step: "write", Text: err.Error()}
		return s
	}
	reply, err := o.Sender.Send(ctx, message)
	return o.judge(m, reply, err)
}
