package main

import (
	"log/slog"
	"testing"
	"time"

	"tryout/internal/storetest"
)

func TestReplicasAreCountedByTheirBeats(t *testing.T) {
	t.Parallel()
	now := time.Now()                                       // joining compares it with the database's
	s := storetest.Open(t, func() time.Time { return now }) // whose clock stands still: it has no say
	join := func() *replicas {
		t.Helper()
		r, err := joinReplicas(t.Context(), s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	want := func(n int, turns int, all ...*replicas) {
		t.Helper()
		for range turns {
			for _, r := range all {
				if err := r.beat(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, r := range all {
			if r.count() != n {
				t.Errorf("replica %d counts %d, want %d", i, r.count(), n)
			}
		}
	}
	a := join()
	want(1, 1, a)
	b, c := join(), join()
	want(3, 1, a, b, c)
	want(3, lease-1, a, b) // c may be slow
	want(3, 1, c, a, b)    // as it was
	want(3, lease-1, a, b)
	want(2, 2, a, b) // and dies
	d := join()
	want(3, 1, a, b, d)
	d.leave(t.Context())
	want(2, 1, a, b)
	want(3, 1, c, a, b) // it was not dead at all
}

func TestAReplicaThatFoundSomebodyDeadTakesIntoAccountThatTheyMayLive(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	for range 3 {
		if _, err := s.Beat(t.Context(), "slow"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Bury(t.Context(), "slow", 2); err != nil { // seen before the third
		t.Fatal(err)
	}
	if beats, err := s.Beat(t.Context(), "other"); err != nil || beats["slow"] != 3 {
		t.Errorf("beats are %v, %v; want that the slow one is still there", beats, err)
	}
	if (*replicas)(nil).count() != 1 {
		t.Error("a server without others counts for one")
	}
}
