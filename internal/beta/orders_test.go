package beta_test

import (
	"iter"
	"slices"
	"sync/atomic"
	"testing"
)

// scene is what happens first, in this order, and actors who then each take
// their steps in their order.
type scene struct {
	name   string
	before []string
	actors [][]string
}

var (
	fresh   = []string{"add"}
	invited = []string{"add", "claim", "letter", "sent", "day"}
)

var scenes = []scene{
	{"the invitation is sent", fresh, [][]string{{"accept"}, {"remove", "add"}, {"remind"}, {"claim", "letter", "sent"}}},
	{"the reminder is sent", invited, [][]string{{"accept"}, {"remove", "add"}, {"remind"}, {"claim", "letter", "sent"}}},
	{"no thanks", fresh, [][]string{{"decline"}, {"remove", "add"}, {"claim", "letter", "sent"}}},
	{"leaving", slices.Concat(invited, []string{"accept", "remind"}), [][]string{{"decline"}, {"remove", "add", "accept newest"}, {"claim", "letter", "sent"}}},
	{"the end", invited, [][]string{{"accept"}, {"end"}, {"feedback"}, {"claim", "letter", "sent"}}},
	{"the end comes soon", fresh, [][]string{{"end"}, {"remove", "add"}, {"claim", "letter", "sent"}}},
	{"two remind", invited, [][]string{{"remind", "remind"}, {"remind"}, {"claim", "letter", "sent"}}},
	{"the address is refused", fresh, [][]string{{"remove", "add"}, {"remind"}, {"claim", "letter", "refused"}}},
	{"the claim lapses", fresh, [][]string{{"remove"}, {"claim", "letter", "take", "sent"}, {"claim lapsed", "letter", "sent"}}},
	{"a worker dies having sent", fresh, [][]string{{"remove"}, {"claim", "letter", "take"}, {"claim lapsed", "letter", "sent"}}},
	{"a worker dies before", fresh, [][]string{{"remove", "add"}, {"claim", "letter"}, {"claim lapsed", "letter", "sent"}}},
	{"the reply is lost", fresh, [][]string{{"remove"}, {"claim", "letter", "lost"}, {"claim lapsed", "letter", "sent"}}},
	{"the relay wants it later", fresh, [][]string{{"remove"}, {"claim", "letter", "later"}, {"claim lapsed", "letter", "sent"}}},
}

// Calls and steps of deliveries are single transactions: whatever happens at
// once, happens in some order. These are all orders.
func TestNoOrderOfCallsAndDeliveriesBreaksAPromise(t *testing.T) {
	t.Parallel()
	var walked atomic.Int64
	t.Cleanup(func() { t.Logf("%d orders in all", walked.Load()) })
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			orders := slices.Collect(merges(s.actors))
			if raced {
				orders = everyTenth(orders)
			}
			w := newWorld(t)
			for i, p := range w.plays(len(orders)) {
				if p.perform(s, orders[i]); t.Failed() {
					t.Fatalf("in the order %v of %v: %s", orders[i], s.actors, p.story())
				}
			}
			walked.Add(int64(len(orders)))
			t.Logf("%d orders", len(orders))
		})
	}
}

// merges yields every order of the actors' steps, each as whose turn it is.
func merges(actors [][]string) iter.Seq[[]int] {
	left := make([]int, len(actors))
	for i, steps := range actors {
		left[i] = len(steps)
	}
	return func(yield func([]int) bool) { merge(left, nil, yield) }
}

func merge(left, order []int, yield func([]int) bool) bool {
	done := true
	for i := range left {
		if left[i] == 0 {
			continue
		}
		done = false
		left[i]--
		more := merge(left, append(order, i), yield)
		left[i]++
		if !more {
			return false
		}
	}
	return !done || yield(slices.Clone(order))
}

func everyTenth(orders [][]int) (some [][]int) {
	for i := 0; i < len(orders); i += 10 {
		some = append(some, orders[i])
	}
	return some
}
