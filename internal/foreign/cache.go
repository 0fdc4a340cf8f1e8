package foreign

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tryout/internal/lwa"
)

// cache remembers good tokens under their digest, for a minute at most and
// never past their own end. What was refused, or could not be found out, is not
// remembered. Those who bring one token at the same time wait for one answer.
type cache struct {
	now    func() time.Time
	places Places
	mu     sync.Mutex
	seen   map[lwa.Digest]*judgement
}

// judgement is what became of a token; it may be read once done is closed.
type judgement struct {
	done  chan struct{}
	guest lwa.Guest
	err   error
	until time.Time
}

// maxSeen bounds what is remembered; about 2 MB.
const maxSeen = 10_000

func newCache(now func() time.Time, places Places) *cache {
	return &cache{now: now, places: places, seen: map[lwa.Digest]*judgement{}}
}

// judging finds out for whom a token acts, and when it ends.
type judging func(context.Context) (lwa.Guest, time.Time, error)

// guest returns for whom the token with a digest acts.
func (c *cache) guest(ctx context.Context, d lwa.Digest, judge judging) (lwa.Guest, error) {
	if g, known := c.known(d); known {
		return g, nil
	}
	if !c.places.take() {
		return lwa.Guest{}, errCrowd
	}
	defer c.places.leave()
	j := c.join(d, judge)
	select {
	case <-j.done:
		return j.guest, j.err
	case <-ctx.Done():
		return lwa.Guest{}, ctx.Err()
	}
}

// known returns what was found out before, if it holds.
func (c *cache) known(d lwa.Digest) (lwa.Guest, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j, found := c.seen[d]
	if !found || !j.holds(c.now()) {
		return lwa.Guest{}, false
	}
	return j.guest, true
}

// holds reports whether a judgement was made and is good at now.
func (j *judgement) holds(now time.Time) bool {
	select {
	case <-j.done:
		return now.Before(j.until)
	default:
		return false
	}
}

// join returns the judgement that is under way, or begins one. It goes on when
// who asked goes away: others may wait for it.
func (c *cache) join(d lwa.Digest, judge judging) *judgement {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if j, found := c.seen[d]; found && (j.holds(now) || !j.isDone()) {
		return j
	}
	c.makeRoom(now)
	j := &judgement{done: make(chan struct{})}
	c.seen[d] = j
	go c.decide(d, j, now, judge)
	return j
}

func (j *judgement) isDone() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

func (c *cache) decide(d lwa.Digest, j *judgement, began time.Time, judge judging) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	guest, expires, err := judge.safely(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	j.guest, j.err, j.until = guest, err, began.Add(fresh)
	if expires.Before(j.until) {
		j.until = expires
	}
	if err != nil {
		delete(c.seen, d)
	}
	close(j.done)
}

// safely judges; a panic of a parser, on what anybody may send, is an error like
// any other, and says nothing of the token.
func (judge judging) safely(ctx context.Context) (guest lwa.Guest, expires time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging a token panicked: %T", p)
		}
	}()
	return judge(ctx)
}

// makeRoom forgets what does not hold any more and, if that is not enough, any
// judgement: it is asked for again.
func (c *cache) makeRoom(now time.Time) {
	if len(c.seen) < maxSeen {
		return
	}
	for d, j := range c.seen {
		if j.isDone() && !j.holds(now) {
			delete(c.seen, d)
		}
	}
	for d, j := range c.seen {
		if len(c.seen) < maxSeen {
			return
		}
		if j.isDone() {
			delete(c.seen, d)
		}
	}
}
