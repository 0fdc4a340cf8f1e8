// Package outbox is delivery: it claims mail that is due, sends it, and settles
// what became of it.
//
// A mail is stored with the change that caused it, so none is lost. It is
// claimed for a lease and given to a worker, who asks once more whether it is
// still wanted, sends it outside of any transaction, and hands in the outcome,
// which is recorded under the claim. A crash leaves claims that lapse, and their
// mail is simply claimed again: delivery is at least once, and twice only if the
// crash falls between the relay's answer and our commit. The second copy has the
// same Message-ID.
//
// Nobody waits for the database in this: while the workers send, the mails for
// them are claimed ahead and their outcomes are recorded behind them, each time
// all that have come. Together that is at most Few; those whose text was begun,
// and so what a crash can send twice, are at most Window.
//
// What the relay answered is kept with the mail and never logged: it may repeat
// the recipient's address.
package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// Queue is the stored mail.
type Queue interface {
	// ClaimMail gives up to limit mails that are due, or whose claim lapsed, to
	// claim for lease, counting the attempt, and a lapsed claim as one of unknown
	// outcome. Their DueAt is when the claim lapses. With an error it returns those
	// whose claim is in doubt.
	ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error)
	// SettleMail records the outcomes of attempts, all or none, but for those
	// whose claim was lost.
	SettleMail(ctx context.Context, attempts ...beta.Attempt) error
	// NextMail returns when the earliest unsettled mail is due; zero for none.
	NextMail(ctx context.Context) (time.Time, error)
}

// Author says what a mail is to say, and whether it is still wanted.
type Author interface {
	Letter(ctx context.Context, m beta.Mail) (l beta.Letter, wanted bool, err error)
}

// Writer renders a letter.
type Writer interface {
	Write(l beta.Letter, now time.Time) (mail.Message, error)
}

// Sender hands a message to a relay. It calls write when everything is ready
// for MAIL FROM, and again should that turn out to have been wrong, and sends
// what write returned last, at once, but for its text: that follows when begin
// has returned nil, and not before. An error of write or begin ends it and is
// returned as it is; any other is a *mail.Failure. When ctx ends it finishes a
// message that it began, and breaks off anything else.
type Sender interface {
	Send(ctx context.Context, write func() (mail.Message, error), begin func(context.Context) error) (mail.Reply, error)
}

// Outbox joins the parts of delivery. All fields but those with a default must
// be set before Run.
type Outbox struct {
	Queue  Queue
	Author Author
	Writer Writer
	Relays []Sender // in order of preference: the next is asked while those before it are away
	Now    func() time.Time
	Log    *slog.Logger

	Workers  int                        // messages sent at once; zero means 4
	Few      int                        // mails claimed and not settled, at most; zero means 8 times Workers
	Window   int                        // texts begun and not settled, at most: what a crash may send twice; zero means as many as Workers
	Company  time.Duration              // how long an outcome waits, at most, to be recorded with those of messages under way; zero means 2 ms, less means not at all
	Rate     int                        // messages a second, at most, to all relays together; zero means no limit
	Replicas func() int                 // by how many, this one included, Rate is to be divided now; nil means 1
	Lease    time.Duration              // how long a claim holds; half of it must be enough to finish a message that was begun; zero means 10 minutes
	Poll     time.Duration              // how often to look for mail that others queued, while idle; zero means 5 seconds
	Settled  func(state beta.MailState) // told of every outcome, for metrics; may be nil

	random func(below time.Duration) time.Duration
	bell   bell
	routes []*route
	budget *budget
	places chan struct{} // one for each mail claimed and not settled
	ahead  chan struct{} // one for each of them that a worker took
	window chan struct{} // one for each of them whose text was begun
}

func (o *Outbox) setDefaults() {
	o.Workers = cmp.Or(o.Workers, 4)
	o.Few = cmp.Or(o.Few, 8*o.Workers)
	o.Window = cmp.Or(o.Window, o.Workers)
	o.Company = cmp.Or(o.Company, 2*time.Millisecond)
	o.Lease = cmp.Or(o.Lease, 10*time.Minute)
	o.Poll = cmp.Or(o.Poll, 5*time.Second)
	if o.Replicas == nil {
		o.Replicas = func() int { return 1 }
	}
	if o.random == nil {
		o.random = rand.N[time.Duration]
	}
	if o.Settled == nil {
		o.Settled = func(beta.MailState) {}
	}
}

// Wake tells that mail was queued. It never blocks, and may be called at any time.
func (o *Outbox) Wake() { o.bell.ring() }

// Run delivers mail until ctx is done; then messages under way are finished,
// mail that was claimed and not begun is given back, and Run returns.
func (o *Outbox) Run(ctx context.Context) {
	o.setDefaults()
	for _, s := range o.Relays {
		o.routes = append(o.routes, &route{Sender: s})
	}
	o.budget = newBudget(o.Rate, o.Replicas, o.Now())
	o.places = make(chan struct{}, o.Few)
	o.ahead = make(chan struct{}, o.Workers+o.Window)
	o.window = make(chan struct{}, o.Window)
	mails, done := make(chan claimed, o.Few), make(chan ended, o.Few)
	var workers, settler sync.WaitGroup
	for range o.Workers {
		workers.Go(func() { o.work(ctx, mails, done) })
	}
	settler.Go(func() { o.settle(ctx, done) })
	o.claim(ctx, mails, done)
	close(mails)
	workers.Wait()
	close(done)
	settler.Wait()
}
