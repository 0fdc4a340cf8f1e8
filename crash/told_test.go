package crash_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// told is what clients are told while a primary dies and another takes its
// place, and how long they wait for that.
type told struct {
	mu      sync.Mutex
	answers map[string]int // other than success, since the kill
	odd     []string       // that there must not be
	killed  time.Time      // zero while nobody waits
	again   chan time.Time // told once when a write is acknowledged that began after the kill
}

func newTold() *told { return &told{answers: map[string]int{}, again: make(chan time.Time, 1)} }

// status is the answer's, but 0 for one that says to come again: it is worth as
// much as none.
func (t *told) status(r *http.Response) int {
	if r.StatusCode < 500 {
		return r.StatusCode
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers[strconv.Itoa(r.StatusCode)]++
	if wait, err := strconv.Atoi(r.Header.Get("Retry-After")); r.StatusCode != http.StatusServiceUnavailable || err != nil || wait < 1 {
		t.odd = append(t.odd, fmt.Sprintf("%s, Retry-After %q", r.Status, r.Header.Get("Retry-After")))
		return r.StatusCode
	}
	return 0
}

// silence notes a call that was not answered, which those who live do.
func (t *told) silence(err error) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.odd = append(t.odd, err.Error())
}

// written notes that a write was acknowledged that began at a time.
func (t *told) written(begun time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.killed.IsZero() && begun.After(t.killed) {
		t.killed = time.Time{}
		t.again <- time.Now()
	}
}

// wait begins to wait for the next write.
func (t *told) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.killed = time.Now()
	clear(t.answers)
}

// String lists the answers since the kill.
func (t *told) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []string
	for _, code := range slices.Sorted(maps.Keys(t.answers)) {
		list = append(list, fmt.Sprintf("%s %d times", code, t.answers[code]))
	}
	return cmp.Or(strings.Join(list, ", "), "nothing but success")
}

// insist is run for a client who knows that the database may be away: what it got
// no good answer to it asks again, until it has one or it is over. Meanwhile its
// journal has one deed, of unknown outcome.
func (c *client) insist(l *life, over <-chan struct{}) {
	for alive := true; ; {
		select {
		case <-over:
			c.http.CloseIdleConnections()
			return
		case <-time.After(pace):
		}
		if alive {
			alive = c.act(l)
		} else {
			alive = c.again(l)
		}
	}
}

// pace is how long a patient client rests between two calls: a cluster of three
// has to keep up with all of them on a small machine.
const pace = 150 * time.Millisecond

// again repeats the last deed, which was not answered.
func (c *client) again(l *life) (alive bool) {
	d := c.journal[len(c.journal)-1]
	c.journal = c.journal[:len(c.journal)-1]
	switch d.verb {
	case list:
		return c.list(l, d.skill)
	case accept:
		path, _ := c.relay.link(place{d.skill, d.addresses[0]})
		return c.press(l, path, deed{verb: accept, skill: d.skill, addresses: d.addresses})
	}
	return c.change(l, deed{verb: d.verb, skill: d.skill, addresses: d.addresses})
}
