// Package outbox is delivery: it claims mail that is due, sends it, and settles
// what became of it.
//
// A mail is stored with the change that caused it, so none is lost. A worker
// claims a few for a lease, asks about each once more whether it is still
// wanted, sends it outside of any transaction, and records the outcome under
// its claim. A crash leaves claims that lapse, and their mail is simply claimed
// again: delivery is at least once, and twice only if the crash falls between
// the relay's answer and our commit. The second copy has the same Message-ID.
package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// Queue is the stored mail.
type Queue interface {
	// ClaimMail gives up to limit mails that are due, or whose claim lapsed, to
	// claim for lease, counting the attempt.
	ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error)
	// SettleMail records the outcome of an attempt, unless the claim was lost.
	SettleMail(ctx context.Context, claim string, m beta.Mail, s beta.Settlement) error
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

// Sender hands a message to a relay; its errors are *mail.Failure.
type Sender interface {
	Send(ctx context.Context, m mail.Message) (mail.Reply, error)
}

// Outbox joins the parts of delivery. All fields but those with a default must
// be set before Run.
type Outbox struct {
	Queue  Queue
	Author Author
	Writer Writer
	Sender Sender
	Now    func() time.Time
	Log    *slog.Logger

	Workers int                        // messages sent at once; zero means 4
	Few     int                        // mails a worker claims at a time; zero means 4
	Lease   time.Duration              // how long a claim holds; zero means 10 minutes
	Poll    time.Duration              // how long an idle worker waits before it looks again; zero means one second
	Settled func(state beta.MailState) // told of every outcome, for metrics; may be nil

	bell  bell
	pause pause
}

func (o *Outbox) setDefaults() {
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Few == 0 {
		o.Few = 4
	}
	if o.Lease == 0 {
		o.Lease = 10 * time.Minute
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Settled == nil {
		o.Settled = func(beta.MailState) {}
	}
}

// Wake tells idle workers that mail was queued.
func (o *Outbox) Wake() { o.bell.ring() }

// Run delivers mail until ctx is done; then messages under way are finished,
// mail that was claimed and not begun is given back, and Run returns.
func (o *Outbox) Run(ctx context.Context) {
	o.setDefaults()
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() { o.work(ctx) })
	}
	workers.Wait()
}

func (o *Outbox) work(ctx context.Context) {
	for ctx.Err() == nil {
		rung := o.bell.wait() // taken before we look, so that no ring is missed
		if !o.round(ctx) {
			o.idle(ctx, rung)
		}
	}
}

// round claims a few mails and delivers them; it reports whether there were any.
func (o *Outbox) round(ctx context.Context) bool {
	if o.pause.left(o.Now()) > 0 {
		return false
	}
	claim := beta.NewID(o.Now())
	mails, err := o.Queue.ClaimMail(ctx, claim, o.Few, o.Lease)
	if err != nil && ctx.Err() == nil {
		o.Log.Error("claim mail", "err", err)
	}
	for _, m := range mails {
		o.deliver(ctx, claim, m)
	}
	return len(mails) > 0
}

// idle waits for the bell, for the next mail to fall due, or for the pause to end.
func (o *Outbox) idle(ctx context.Context, rung <-chan struct{}) {
	for ctx.Err() == nil {
		if left := o.pause.left(o.Now()); left > 0 {
			sleep(ctx, nil, left)
			continue
		}
		if sleep(ctx, rung, o.Poll) {
			return
		}
		due, err := o.Queue.NextMail(ctx)
		if err != nil || !due.IsZero() && !due.After(o.Now()) {
			return
		}
	}
}

// sleep waits for d, or for the end of ctx, or for rung; it reports whether
// rung ended it.
func sleep(ctx context.Context, rung <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-rung:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// bell wakes everybody who waits for it.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait returns a channel that the next ring closes.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// pause holds all workers while the relay refuses us, longer each time.
type pause struct {
	mu    sync.Mutex
	until time.Time
	times int
}

func (p *pause) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(now)
}

// begin starts a pause, unless one is on, and returns its end.
func (p *pause) begin(now time.Time) (until time.Time, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until) {
		return p.until, false
	}
	p.until = now.Add(min(30*time.Second<<min(p.times, 8), 10*time.Minute))
	p.times++
	return p.until, true
}

// over forgets earlier pauses: the relay took a message.
func (p *pause) over() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times = 0
}
