package smapi

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"

	"tryout/internal/beta"
)

// Limits counts requests per token and per skill, each against the same rate,
// by the generic cell rate algorithm (one timestamp per key).
type Limits struct {
	perSecond int
	replicas  func() int
	store     throttled.GCRAStoreCtx

	mu      sync.Mutex // the limiter gives up where many race for one key
	limiter *throttled.GCRARateLimiterCtx
	among   int // replicas that the limiter divides the rate by
}

// maxKeys bounds the memory that counting takes: the keys used least recently
// are forgotten first.
const maxKeys = 65_536

// NewLimits allows perSecond requests a second, and as many in a burst, or this
// server's share of both: replicas tells by how many they are to be divided now.
func NewLimits(perSecond int, replicas func() int) (*Limits, error) {
	store, err := memstore.NewCtx(maxKeys)
	if err != nil {
		return nil, err
	}
	return &Limits{perSecond: perSecond, replicas: replicas, store: store}, nil
}

// divide has the limiter count against this server's share; what was counted
// before stays counted.
func (l *Limits) divide() (err error) {
	n := l.replicas()
	if l.among == n {
		return nil
	}
	quota := throttled.RateQuota{
		MaxRate:  throttled.PerDuration(l.perSecond, time.Duration(n)*time.Second),
		MaxBurst: max(0, l.perSecond/n-1),
	}
	l.limiter, err = throttled.NewGCRARateLimiterCtx(l.store, quota)
	if err == nil {
		l.among = n
	}
	return err
}

// take counts a request; it is a [beta.TooMany] error when one of its rates is
// exceeded. args are the path's parameters, the first the skill's id.
func (l *Limits) take(ctx context.Context, by beta.Caller, args []string) error {
	if l == nil {
		return nil
	}
	if err := l.count(ctx, "The token", by.Name); err != nil || len(args) == 0 {
		return err
	}
	skill, err := url.PathUnescape(args[0])
	if err == nil {
		_, err = beta.ParseSkillID(skill)
	}
	if err != nil {
		return nil // no skill has this id; the answer is 400
	}
	// By vendor too: nobody can use up another vendor's rate.
	return l.count(ctx, "The skill", string(by.Vendor)+"/"+skill)
}

func (l *Limits) count(ctx context.Context, what, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.divide(); err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(what + " " + key)) // so that long ids take no more memory
	limited, result, err := l.limiter.RateLimitCtx(ctx, string(digest[:]), 1)
	if err != nil || !limited {
		return err
	}
	return &beta.Error{
		Kind: beta.TooMany, Code: codeTooMany, Retry: result.RetryAfter,
		Message: what + " has exceeded the permitted rate; try again later, with exponential back-off.",
	}
}

func slogCaller(by beta.Caller) slog.Attr {
	return slog.String("caller", by.Name)
}
