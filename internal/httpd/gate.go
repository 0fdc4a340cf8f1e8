package httpd

import (
	"context"
	"time"
)

// patience is how long a request waits for a place before it is refused.
const patience = time.Second

// gate lets a number of requests in at once. As many again may wait; the rest
// are refused at once, because a longer queue only makes every answer late.
type gate struct {
	places chan struct{}
	queue  chan struct{}
}

func newGate(n int) gate {
	return gate{places: make(chan struct{}, n), queue: make(chan struct{}, n)}
}

// enter takes a place, waiting for one up to patience. False means that there
// was none; true must be followed by leave.
func (g gate) enter(ctx context.Context) bool {
	select {
	case g.places <- struct{}{}:
		return true
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
		return g.wait(ctx)
	default:
		return false
	}
}

func (g gate) wait(ctx context.Context) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return false
	}
}

func (g gate) leave() { <-g.places }

// inside is how many have entered and not left.
func (g gate) inside() float64 { return float64(len(g.places)) }
