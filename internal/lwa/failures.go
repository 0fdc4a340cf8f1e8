package lwa

import (
	"context"
	"net/http"
	"sync"

	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
)

// failures counts failed client authentications, per address and per client.
//
// Only who fails is ever told to wait: a secret has 256 random bits, so there
// is nothing to guess, and if the right one were refused too, anybody could
// lock a client out by failing in its name, or from behind the same proxy.
type failures struct {
	mu      sync.Mutex // the limiter gives up where many race for one key
	limiter *throttled.GCRARateLimiterCtx
}

const (
	failuresPerMinute = 30
	maxFailing        = 65_536 // keys remembered; those used least recently are forgotten first
)

func newFailures() (*failures, error) {
	store, err := memstore.NewCtx(maxFailing)
	if err != nil {
		return nil, err
	}
	quota := throttled.RateQuota{MaxRate: throttled.PerMin(failuresPerMinute), MaxBurst: failuresPerMinute - 1}
	limiter, err := throttled.NewGCRARateLimiterCtx(store, quota)
	return &failures{limiter: limiter}, err
}

// note counts a failure and returns how to refuse it. A client that does not
// exist counts for its address alone: names anybody makes up take no memory.
func (f *failures) note(ctx context.Context, address, client string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	refusal := errClient
	for _, key := range []string{"address " + address, "client " + client} {
		if key == "client " {
			continue
		}
		limited, result, err := f.limiter.RateLimitCtx(ctx, key, 1)
		if err != nil {
			return err
		}
		if limited {
			refusal = &Refusal{
				Code: unavailable, Status: http.StatusTooManyRequests, Retry: result.RetryAfter,
				Description: "Too many failed attempts of a client to prove who it is; try again later.",
			}
		}
	}
	return refusal
}
