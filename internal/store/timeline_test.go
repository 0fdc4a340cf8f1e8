package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// pair is a primary and its standby, which is about to be promoted without the
// other's knowledge, in one address: the old one first.
type pair struct {
	old, next *storetest.Primary
	address   string
}

func newPair(t *testing.T) pair {
	t.Helper()
	old := storetest.NewPrimary(t)
	ask(t, old.Address, "create schema s")
	next := old.NewStandby()
	first, _, _ := strings.Cut(old.Address, "/postgres?")
	first = strings.TrimSuffix(first, "/postgres")
	second := strings.TrimPrefix(next.Address, "postgres://postgres@")
	return pair{old, next, first + "," + second + "?search_path=s"}
}

// promote has the standby take over with all that the old one has stored until now.
func (p pair) promote(t *testing.T) {
	t.Helper()
	at := storetest.Rows(t, p.old.Address, "select pg_current_wal_lsn()")[0][0]
	for begun := time.Now(); storetest.Rows(t, p.next.Address, "select pg_last_wal_replay_lsn() >= '"+at+"'")[0][0] != "t"; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the standby does not follow")
		}
	}
	p.next.Promote()
}

// wantAt wants a vendor at one server or the other.
func (p pair) wantAt(t *testing.T, id string, old, next bool) {
	t.Helper()
	wantVendor(t, p.old.Address+"?search_path=s", id, old)
	wantVendor(t, p.next.Address+"?search_path=s", id, next)
}

func write(t *testing.T, s *store.Store, id string) error {
	t.Helper()
	return s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, id) })
}

func look(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.Look(t.Context())
	must(t, err)
}

// A standby takes over while the primary goes on: a machine that was cut off, or
// slept. Nobody writes to the old one who has seen the new one, or looks.
func TestAPrimaryThatWasReplacedIsLeft(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	s := openAt(t, p.address)
	must(t, write(t, s, "before"))
	atOnce(t, s, 3)
	p.promote(t)
	look(t, s)
	p.wantNobodyAt(t)
	must(t, write(t, s, "after"))
	p.wantAt(t, "after", false, true)

	fresh := openAt(t, p.address) // which has seen nothing yet
	must(t, write(t, fresh, "fresh"))
	p.wantAt(t, "fresh", false, true)
}

// atOnce has a store read n times at once, so that it has as many connections.
func atOnce(t *testing.T, s *store.Store, n int) {
	t.Helper()
	var all, readers sync.WaitGroup
	all.Add(n)
	for range n {
		readers.Go(func() {
			if err := s.View(t.Context(), func(beta.Reader) error { all.Done(); all.Wait(); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
}

// wantNobodyAt wants no connection of ours left at the old server.
func (p pair) wantNobodyAt(t *testing.T) {
	t.Helper()
	sql := "select count(*) from pg_stat_activity where application_name = 'tryout'"
	for begun := time.Now(); storetest.Rows(t, p.old.Address, sql)[0][0] != "0"; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("connections to the old primary are kept")
		}
	}
}

// What had begun at the old one is begun anew, and not committed there.
func TestAChangeUnderWayMovesToTheNextPrimary(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	s := openAt(t, p.address)
	runs := 0
	must(t, s.Update(t.Context(), func(tx beta.Tx) error {
		if runs++; runs == 1 {
			p.promote(t)
			look(t, s)
		}
		return addVendor(tx, "V1")
	}))
	if runs != 2 {
		t.Errorf("ran %d times, want 2", runs)
	}
	p.wantAt(t, "V1", false, true)
}

// Without the new one there is nobody to ask: the old one, which would answer,
// is not believed.
func TestAPrimaryThatWasReplacedIsNotBelievedForWantOfAnother(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	s := openAt(t, p.address)
	p.promote(t)
	look(t, s)
	p.next.Crash()
	for what, err := range map[string]error{
		"update": write(t, s, "V1"),
		"view":   s.View(t.Context(), func(r beta.Reader) error { return second(r.Vendor("V1")) }),
	} {
		if kindOf(err) != beta.Unavailable || !strings.Contains(err.Error(), "it is on timeline 1, and one on 2 was seen") {
			t.Errorf("%s: got %v, want Unavailable, for the old timeline", what, err)
		}
	}
	p.next.Return()
	must(t, write(t, s, "V1"))
	p.wantAt(t, "V1", false, true)
}

func TestAServerThatKeepsItsTimelineToItselfWillDo(t *testing.T) {
	t.Parallel()
	address := storetest.NewServer(t)
	ask(t, address, "create role guest login; create schema guest authorization guest; revoke execute on function pg_current_wal_lsn() from public")
	s := openAt(t, strings.Replace(address, "user=postgres", "user=guest", 1))
	must(t, write(t, s, "V1"))
}

// The server's clock is asked, and no other's.
func TestTheClockOfTheServerIsCompared(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	for _, off := range []time.Duration{0, time.Hour, -time.Hour} {
		s, err := store.Open(context.Background(), address, make([]byte, store.KeySize), func() time.Time { return time.Now().Add(off) })
		must(t, err)
		ahead, err := s.Look(t.Context())
		must(t, err)
		if d := ahead + off; d < -5*time.Second || d > 5*time.Second {
			t.Errorf("our clock is %v ahead; got the server's %v ahead", off, ahead)
		}
		must(t, s.Close())
	}
}
