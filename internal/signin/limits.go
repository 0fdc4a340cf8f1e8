package signin

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"

	"tryout/internal/httpd"
	"tryout/internal/lwa"
)

// limits bound how much mail anybody can have sent, and how often they guess.
// They count an address the same whoever has it.
type limits struct {
	mu        sync.Mutex // the limiter gives up where many race for one key
	addresses *throttled.GCRARateLimiterCtx
	askers    *throttled.GCRARateLimiterCtx
	guessers  *throttled.GCRARateLimiterCtx
}

// Each is a burst and then one each so often.
const (
	addressBurst, addressEvery = 5, 10 * time.Minute // mails to one address
	askerBurst, askerEvery     = 30, time.Minute     // mails asked for from one network
	guessBurst, guessEvery     = 60, 10 * time.Second
	maxCounted                 = 65_536 // those used least recently are forgotten first
)

func newLimits() (*limits, error) {
	l := &limits{}
	for _, one := range []struct {
		to    **throttled.GCRARateLimiterCtx
		burst int
		every time.Duration
	}{{&l.addresses, addressBurst, addressEvery}, {&l.askers, askerBurst, askerEvery}, {&l.guessers, guessBurst, guessEvery}} {
		store, err := memstore.NewCtx(maxCounted)
		if err != nil {
			return nil, err
		}
		quota := throttled.RateQuota{MaxRate: throttled.PerDuration(1, one.every), MaxBurst: one.burst - 1}
		if *one.to, err = throttled.NewGCRARateLimiterCtx(store, quota); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// asking counts a mail that is asked for; it is a Refusal when there were too many.
func (l *limits) asking(ctx context.Context, address string) error {
	if err := l.count(ctx, l.askers, network(ctx)); err != nil {
		return err
	}
	return l.count(ctx, l.addresses, address)
}

// trying counts a guess.
func (l *limits) trying(ctx context.Context) error { return l.count(ctx, l.guessers, network(ctx)) }

func (l *limits) count(ctx context.Context, limiter *throttled.GCRARateLimiterCtx, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	limited, result, err := limiter.RateLimitCtx(ctx, key, 1)
	if err != nil || !limited {
		return err
	}
	return &lwa.Refusal{
		Code: "temporarily_unavailable", Status: http.StatusTooManyRequests, Retry: result.RetryAfter,
		Description: "That was too often in a short time. Wait a while, then try again; a code that you were sent still works.",
	}
}

// network is where a request comes from: an address, of IPv6 the half that one
// customer has.
func network(ctx context.Context) string {
	ip, err := netip.ParseAddr(httpd.Client(ctx))
	if err != nil || ip.Unmap().Is4() {
		return httpd.Client(ctx)
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return httpd.Client(ctx)
	}
	return prefix.Addr().String()
}
