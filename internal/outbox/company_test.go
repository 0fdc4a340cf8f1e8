package outbox_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

// An outcome waits for those of the texts under way: a window that is recorded
// at once costs half of one that is recorded one by one.
func TestOutcomesAreRecordedTogether(t *testing.T) {
	t.Parallel()
	const workers = 4
	r := newRig(t, nil)
	q := &grouped{Queue: r.store}
	s := &inStep{begun: make(chan struct{}), next: make(chan struct{}), ended: make(chan struct{})}
	o := r.outbox()
	o.Queue, o.Relays, o.Workers, o.Company = q, []outbox.Sender{s}, workers, time.Hour
	settled := make(chan beta.MailState, workers)
	o.Settled = func(s beta.MailState) { settled <- s }
	r.run(o)
	r.add(1, workers)
	for range workers {
		<-s.begun
	}
	for range workers { // each is over before the next goes on
		s.next <- struct{}{}
		<-s.ended
	}
	for range workers {
		<-settled
	}
	if got := q.sizes(); len(got) != 1 || got[0] != workers {
		t.Errorf("recorded in groups of %d, want all %d together", got, workers)
	}
}

// inStep is a relay that takes each text when the test says so.
type inStep struct{ begun, next, ended chan struct{} }

func (s *inStep) Send(ctx context.Context, write func() (mail.Message, error), begin func(context.Context) error) (mail.Reply, error) {
	if _, err := write(); err != nil {
		return mail.Reply{}, err
	}
	if err := begin(ctx); err != nil {
		return mail.Reply{}, err
	}
	s.begun <- struct{}{}
	<-s.next
	defer func() { s.ended <- struct{}{} }()
	return mail.Reply{Code: 250}, nil
}

// grouped is a queue that notes how many outcomes come together.
type grouped struct {
	outbox.Queue
	mu     sync.Mutex
	groups []int
}

func (q *grouped) SettleMail(ctx context.Context, attempts ...beta.Attempt) error {
	q.mu.Lock()
	q.groups = append(q.groups, len(attempts))
	q.mu.Unlock()
	return q.Queue.SettleMail(ctx, attempts...)
}

func (q *grouped) sizes() []int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.groups
}

// A fault of ours in the middle of a message is that mail's alone, and leaves its
// place in the window.
func TestAPanicInTheMiddleOfAMessageStopsNobody(t *testing.T) {
	t.Parallel()
	const mails = 12 // more than the window has places
	r := newRig(t, nil)
	o := r.outbox()
	o.Relays = []outbox.Sender{panicking{}}
	settled := make(chan beta.MailState, mails)
	o.Settled = func(s beta.MailState) { settled <- s }
	r.run(o)
	r.add(1, mails)
	for range mails {
		if state := <-settled; state != beta.MailDeferred {
			t.Errorf("state %s, want deferred", state)
		}
	}
	if got := r.mails()[address(1)]; got.Attempts != 1 || got.Reply.Text != "an error on our side; the log says more" {
		t.Errorf("stored %+v", got)
	}
}

// panicking is a relay whose client has a fault.
type panicking struct{}

func (panicking) Send(ctx context.Context, write func() (mail.Message, error), begin func(context.Context) error) (mail.Reply, error) {
	if _, err := write(); err != nil {
		return mail.Reply{}, err
	}
	if err := begin(ctx); err != nil {
		return mail.Reply{}, err
	}
	panic("a fault")
}
