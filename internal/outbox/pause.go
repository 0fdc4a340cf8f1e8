package outbox

import (
	"cmp"
	"sync"
	"time"

	"tryout/internal/beta"
)

// The pauses: the first, and what doubling ends at.
const (
	firstPause = 30 * time.Second
	maxPause   = 10 * time.Minute
)

// route is a way for mail to go: a relay, and whether it wants us now.
type route struct {
	Sender
	pause
}

// pause leaves a relay alone while it does not want us, longer each time.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	served time.Time  // when it last served us
	times  int        // pauses since then
	faults int        // failures since then, or since the last pause
	away   bool       // nobody was there, at the last failure
	said   beta.Reply // what was told of the last failure
}

// left returns how much is left of a pause; zero or less when none is on.
func (p *pause) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(now)
}

// fault is a failure of a relay's, not of a mail's.
type fault struct {
	began    time.Time // the attempt
	patience int       // how many in a row begin a pause
	away     bool      // nobody was there
	said     beta.Reply
}

// begin notes a failure and, unless a pause is on, begins one at the last of
// patience failures in a row. A relay that served others since the attempt
// began has not failed. It returns when the newest pause ends.
func (p *pause) begin(now time.Time, f fault) (until time.Time, begun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.away && p.served.After(f.began) {
		return p.until, false
	}
	p.faults++
	p.away, p.said = f.away, f.said
	if now.Before(p.until) || p.faults < f.patience {
		return p.until, false
	}
	p.until = now.Add(min(firstPause<<min(p.times, 8), maxPause))
	p.times++
	p.faults = 0
	return p.until, true
}

// over forgets earlier failures: the relay served us.
func (p *pause) over(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times, p.faults, p.away, p.served = 0, 0, false, now
}

// trouble returns what was told of the last failure.
func (p *pause) trouble() beta.Reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// isLongAway reports whether nobody was there at least as often as a mail is tried.
func (p *pause) isLongAway() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.away && p.times >= minAttempts
}

// closed returns how long all ways are closed; zero or less when one is open.
func (o *Outbox) closed() time.Duration {
	now := o.Now()
	soonest := o.routes[0].left(now)
	for _, r := range o.routes[1:] {
		soonest = min(soonest, r.left(now))
	}
	return soonest
}

// opens returns when a mail that no relay served may try again: when the first
// of them is to be asked again, or soon, if one serves others now.
func (o *Outbox) opens() time.Time {
	return o.Now().Add(cmp.Or(max(0, o.closed()), o.spread(afterCut)))
}

// isLongAway reports whether there was no relay at all for so long that time
// alone ends what is old.
func (o *Outbox) isLongAway() bool {
	for _, r := range o.routes {
		if !r.isLongAway() {
			return false
		}
	}
	return true
}
