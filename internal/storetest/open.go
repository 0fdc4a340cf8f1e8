// Package storetest is for tests: a store of one's own, and the suite that
// every database must pass.
package storetest

import (
	"os"
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

// Open returns an empty store that ends with the test: on SQLite or, where
// TRYOUT_TEST_DATABASE is postgres, on PostgreSQL.
func Open(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	return OpenDir(t, t.TempDir(), now)
}

// OpenDir returns the store that belongs to dir, which may be there already.
func OpenDir(t testing.TB, dir string, now func() time.Time) *store.Store {
	t.Helper()
	return open(t, Database(t, dir), now)
}

// OpenSQLite is Open on SQLite.
func OpenSQLite(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	return open(t, t.TempDir(), now)
}

// OpenPostgres is Open on PostgreSQL.
func OpenPostgres(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	return open(t, recycled(t, free, NewPostgres), now)
}

// OpenLater is Open on PostgreSQL with the schema of a later version.
func OpenLater(t testing.TB, now func() time.Time) *store.Store {
	t.Helper()
	return open(t, recycled(t, freeLater, newLater), now)
}

func open(t testing.TB, database string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), database, make([]byte, store.KeySize), now)
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

// OnPostgres reports whether tests that do not care run on PostgreSQL.
func OnPostgres() bool { return os.Getenv("TRYOUT_TEST_DATABASE") == "postgres" }

// Database returns what a store that belongs to dir is opened by: dir itself or,
// on PostgreSQL, the address of a schema, which is the same for the same dir.
func Database(t testing.TB, dir string) string {
	t.Helper()
	if !OnPostgres() {
		return dir
	}
	address, there := addresses.Load(dir)
	if !there {
		address, _ = addresses.LoadOrStore(dir, recycled(t, free, NewPostgres))
	}
	return address.(string)
}

var addresses sync.Map
