package outbox

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// budget is how many messages may be begun. It is empty at the start, so that
// starting again and again gives no more than going on.
type budget struct {
	limiter   *rate.Limiter
	perSecond int
	replicas  func() int
	among     atomic.Int64 // replicas that the limiter divides the rate by
}

// newBudget allows perSecond messages a second, a tenth of them at once, or this
// outbox's share of both among replicas; zero is no limit.
func newBudget(perSecond int, replicas func() int, now time.Time) *budget {
	b := &budget{rate.NewLimiter(rate.Inf, 0), perSecond, replicas, atomic.Int64{}}
	b.divide(now)
	return b
}

// divide keeps the limiter at this outbox's share.
func (b *budget) divide(now time.Time) {
	n := b.replicas()
	if b.perSecond == 0 || b.among.Swap(int64(n)) == int64(n) {
		return
	}
	b.limiter.SetBurstAt(now, max(1, b.perSecond/10/n))
	b.limiter.SetLimitAt(now, rate.Limit(float64(b.perSecond)/float64(n)))
}

// wait waits until one more message may be begun; it reports false when ctx
// ended before.
func (b *budget) wait(ctx context.Context, now func() time.Time) bool {
	b.divide(now())
	r := b.limiter.ReserveN(now(), 1)
	if d := r.DelayFrom(now()); d > 0 && !sleep(ctx, nil, d) {
		r.CancelAt(now())
		return false
	}
	return true
}
