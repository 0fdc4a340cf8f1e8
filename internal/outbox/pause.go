package outbox

import (
	"sync"
	"time"
)

// The pauses: the first, and what doubling ends at.
const (
	firstPause = 30 * time.Second
	maxPause   = 10 * time.Minute
)

// pause holds all delivery while the relay does not want us, longer each time.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	times  int // pauses since the relay last served us
	faults int // failures since then, or since the last pause
}

// left returns how much is left of a pause; zero or less when none is on.
func (p *pause) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(now)
}

// begin notes a failure and, unless a pause is on, begins one at the last of
// patience failures in a row. It returns when the newest pause ends.
func (p *pause) begin(now time.Time, patience int) (until time.Time, begun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults++
	if now.Before(p.until) || p.faults < patience {
		return p.until, false
	}
	p.until = now.Add(min(firstPause<<min(p.times, 8), maxPause))
	p.times++
	p.faults = 0
	return p.until, true
}

// rest holds all delivery for a moment for reasons of our own.
func (p *pause) rest(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until = until
	}
}

// over forgets earlier failures: the relay served us.
func (p *pause) over() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times, p.faults = 0, 0
}
