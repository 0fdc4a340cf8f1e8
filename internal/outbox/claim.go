package outbox

import (
	"context"
	"slices"
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

// claim puts due mail where the workers take it from, as much as there are
// places for, until ctx is done. One claims for all workers: an idle outbox then
// costs one look now and then.
func (o *Outbox) claim(ctx context.Context, mails chan<- claimed, done chan<- ended) {
	leftOver := false
	for ctx.Err() == nil {
		n := o.takePlaces(ctx)
		if n == 0 {
			return
		}
		if left := o.closed(); left > 0 && !leftOver { // asked when there are places: it may have waited for them
			o.leavePlaces(n)
			sleep(ctx, nil, left)
			continue
		}
		claim := beta.NewID(o.Now())
		list, err := o.Queue.ClaimMail(ctx, claim, n, o.Lease)
		o.leavePlaces(n - len(list))
		leftOver = o.isLeftOver(list)
		for _, m := range list {
			if err != nil { // they may be another's; if they are ours, nobody else looks at them until the lease is over
				done <- ended{Attempt: beta.Attempt{Claim: claim, Mail: m, Outcome: o.giveBack(m, o.Now())}}
				continue
			}
			mails <- claimed{m, claim}
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			o.Log.Error("claim mail", "err", err)
			sleep(ctx, nil, afterFault)
		case len(list) == 0:
			o.idle(ctx)
		}
	}
}

// isLeftOver reports whether there may be more mail to be given up without a
// try: no relay was there for long, and all of this waited its time.
func (o *Outbox) isLeftOver(list []beta.Mail) bool {
	return len(list) > 0 && o.isLongAway() && !slices.ContainsFunc(list, func(m beta.Mail) bool { return !o.isOld(m) })
}

// takePlaces waits for places and takes all that there are. It waits for more
// than one where the workers still have enough to do: few large claims cost
// less than many small ones. It returns 0 when ctx is done.
func (o *Outbox) takePlaces(ctx context.Context) (n int) {
	for enough := max(1, (o.Few-o.Workers)/3); n < enough; n++ {
		select {
		case o.places <- struct{}{}:
		case <-ctx.Done():
			o.leavePlaces(n)
			return 0
		}
	}
	for {
		select {
		case o.places <- struct{}{}:
			n++
		default:
			return n
		}
	}
}

func (o *Outbox) leavePlaces(n int) {
	for range n {
		<-o.places
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
