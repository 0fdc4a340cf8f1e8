package outbox

import (
	"context"
	"time"

	"tryout/internal/beta"
)

const (
	settleTime  = 10 * time.Second // how long outcomes may take to record once shutdown began
	settleAgain = time.Second      // between two tries at that
)

// ended is an attempt that is to be recorded.
type ended struct {
	beta.Attempt
	taken bool // by a worker: it has a place ahead
	begun bool // its text: it has a place in the window
}

// settle records what became of mails, until done is closed: together what has
// come since the last time, so that one commit serves many and nobody waits for
// company.
func (o *Outbox) settle(ctx context.Context, done <-chan ended) {
	for e := range done {
		group := append([]ended{e}, waiting(done)...)
		err := o.record(ctx, group)
		for _, e := range group {
			if e.begun {
				<-o.window
			}
			if e.taken {
				<-o.ahead
			}
		}
		o.leavePlaces(len(group))
		for _, e := range group {
			o.tell(e.Attempt, err)
		}
	}
}

// record records outcomes, and tries for as long as a claim holds: a message
// that was taken and not settled would be sent again. Once ctx is done,
// settleTime is left.
func (o *Outbox) record(ctx context.Context, group []ended) error {
	attempts, longest := make([]beta.Attempt, len(group)), settleTime
	for i, e := range group {
		attempts[i], longest = e.Attempt, max(longest, e.Mail.DueAt.Sub(o.Now()))
	}
	hold, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		sleep(hold, nil, settleTime)
		cancel()
	})()
	for {
		err := o.Queue.SettleMail(hold, attempts...)
		if err == nil || !sleep(hold, nil, settleAgain) {
			return err
		}
	}
}

// waiting returns what can be had at once.
func waiting(done <-chan ended) (list []ended) {
	for {
		select {
		case e, open := <-done:
			if !open {
				return list
			}
			list = append(list, e)
		default:
			return list
		}
	}
}

// tell says what became of a mail, or that it could not be recorded.
func (o *Outbox) tell(a beta.Attempt, err error) {
	m, s := a.Mail, a.Outcome
	if err != nil {
		o.Log.Error("settle mail", "mail", m.ID.String(), "state", s.State, "err", err)
		return
	}
	if s.SettledAt.IsZero() {
		o.bell.ring() // it is due again, perhaps before anything else
	}
	o.Settled(s.State)
	o.Log.Info("mail", "mail", m.ID.String(), "kind", m.Kind, "state", s.State, "attempt", s.Attempts,
		"request", m.RequestID, "step", s.Reply.Step, "code", s.Reply.Code, "enhanced", s.Reply.Enhanced)
}
