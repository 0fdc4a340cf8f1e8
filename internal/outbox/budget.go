package outbox

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// budget is how many messages may be begun. It is empty at the start, so that
// starting again and again gives no more than going on.
type budget struct{ limiter *rate.Limiter }

// newBudget allows perSecond messages a second, a tenth of them at once; zero
// is no limit.
func newBudget(perSecond int, now time.Time) budget {
	if perSecond == 0 {
		return budget{rate.NewLimiter(rate.Inf, 0)}
	}
	burst := max(1, perSecond/10)
	l := rate.NewLimiter(rate.Limit(perSecond), burst)
	l.AllowN(now, burst)
	return budget{l}
}

// wait waits until one more message may be begun; it reports false when ctx
// ended before.
func (b budget) wait(ctx context.Context, now func() time.Time) bool {
	r := b.limiter.ReserveN(now(), 1)
	if d := r.DelayFrom(now()); d > 0 && !sleep(ctx, nil, d) {
		r.CancelAt(now())
		return false
	}
	return true
}
