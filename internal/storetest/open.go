// Package storetest is for tests: a store of one's own, and the suite that
// every database must pass.
package storetest

import (
	"sync"
	"testing"
	"time"

	"tryout/internal/store"
)

// Clock is a clock that moves when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is when every [Clock] begins: the date of the reference page's example.
var Start = time.Date(2018, 9, 26, 7, 32, 37, 589_000_000, time.UTC)

// NewClock returns a clock that stands at [Start].
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Open returns an empty store that ends with the test.
func Open(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	return OpenDir(t, t.TempDir(), now)
}

// OpenDir returns the store in dir, which may be there already.
func OpenDir(t testing.TB, dir string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir, make([]byte, store.KeySize), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
