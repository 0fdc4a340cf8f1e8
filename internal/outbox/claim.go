package outbox

import (
	"context"
	"sync"
	"time"

	"tryout/internal/beta"
)

const (
	breath     = 20 * time.Millisecond // between looking in vain and looking again
	afterFault = 10 * time.Second      // until the next claim, when one failed
)

// claimed is a mail and the claim that it is sent under.
type claimed struct {
	beta.Mail
	claim string
}

// claim gives due mail to whoever is free, a few at a time, until ctx is done.
// One claims for all workers: an idle outbox then costs one look now and then,
// and a claimed mail waits for no more than a worker.
func (o *Outbox) claim(ctx context.Context, free chan<- claimed) {
	for ctx.Err() == nil {
		if left := o.pause.left(o.Now()); left > 0 {
			sleep(ctx, nil, left)
			continue
		}
		claim := beta.NewID(o.Now())
		mails, err := o.Queue.ClaimMail(ctx, claim, o.Few, o.Lease)
		for _, m := range mails {
			free <- claimed{m, claim}
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			o.Log.Error("claim mail", "err", err)
			sleep(ctx, nil, afterFault)
		case len(mails) == 0:
			o.idle(ctx)
		}
	}
}

// idle returns when there may be something to claim: a mail is due. It looks
// whenever the bell rings.
func (o *Outbox) idle(ctx context.Context) {
	for wait := breath; ctx.Err() == nil; {
		sleep(ctx, o.bell.rings(), wait)
		due, err := o.Queue.NextMail(ctx)
		left := due.Sub(o.Now())
		switch {
		case err != nil:
			return // claiming says what is wrong
		case due.IsZero():
			wait = o.Poll
		case left <= 0:
			return
		default:
			wait = min(left, o.Poll)
		}
	}
}

// sleep reports whether d passed before rung was, or ctx ended.
func sleep(ctx context.Context, rung <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-rung:
	case <-ctx.Done():
	}
	return false
}

// bell keeps one ring until it is heard, so that none is missed.
type bell struct {
	once sync.Once
	ch   chan struct{}
}

func (b *bell) rings() chan struct{} {
	b.once.Do(func() { b.ch = make(chan struct{}, 1) })
	return b.ch
}

func (b *bell) ring() {
	select {
	case b.rings() <- struct{}{}:
	default:
	}
}
