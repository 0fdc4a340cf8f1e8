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
// come since the last time and what will in a moment, so that one commit serves
// many.
func (o *Outbox) settle(ctx context.Context, done <-chan ended) {
	for e := range done {
		group := o.gather(e, done)
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

// gather returns first and what ends with it. It waits a moment for messages
// whose text is under way: the window would be full of outcomes otherwise, and
// a commit be spent on each few of them.
func (o *Outbox) gather(first ended, done <-chan ended) []ended {
	group, soon := []ended{first}, time.NewTimer(o.Company)
	defer soon.Stop()
	for len(done) > 0 || o.Company > 0 && o.underWay(group) {
		select {
		case e, open := <-done:
			if !open {
				return group
			}
			group = append(group, e)
		case <-soon.C:
			return group
		}
	}
	return group
}

// underWay reports whether messages were begun that have not ended with group.
func (o *Outbox) underWay(group []ended) bool {
	n := len(o.window)
	for _, e := range group {
		if e.begun {
			n--
		}
	}
	return n > 0
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
