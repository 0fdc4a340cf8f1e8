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

// settle records what became of mails, until ended is closed: together what has
// come since the last time, so that one commit serves many and nobody waits for
// company.
func (o *Outbox) settle(ctx context.Context, ended <-chan beta.Attempt) {
	for a := range ended {
		group := append([]beta.Attempt{a}, waiting(ended)...)
		group, err := o.record(ctx, group, ended)
		o.leavePlaces(len(group))
		for _, a := range group {
			o.tell(a, err)
		}
	}
}

// record records outcomes, and tries for as long as a claim holds: a message
// that was taken and not settled would be sent again. Once ctx is done,
// settleTime is left. While it cannot, delivery rests, and what comes is taken
// along. It returns all that it tried to record.
func (o *Outbox) record(ctx context.Context, group []beta.Attempt, ended <-chan beta.Attempt) ([]beta.Attempt, error) {
	hold, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.longest(group))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		sleep(hold, nil, settleTime)
		cancel()
	})()
	for {
		err := o.Queue.SettleMail(hold, group...)
		if err == nil {
			return group, nil
		}
		o.rest.begin(o.Now().Add(settleAgain))
		if !sleep(hold, nil, settleAgain) {
			return group, err
		}
		group = append(group, waiting(ended)...)
	}
}

// longest returns how long the last claim of a group holds, and settleTime at least.
func (o *Outbox) longest(group []beta.Attempt) time.Duration {
	longest := settleTime
	for _, a := range group {
		longest = max(longest, a.Mail.DueAt.Sub(o.Now()))
	}
	return longest
}

// waiting returns what can be had from ended at once.
func waiting(ended <-chan beta.Attempt) (list []beta.Attempt) {
	for {
		select {
		case a, open := <-ended:
			if !open {
				return list
			}
			list = append(list, a)
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
