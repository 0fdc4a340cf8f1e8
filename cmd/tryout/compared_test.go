package main

import (
	"slices"
	"testing"
	"time"
)

const (
	slowerAtMost = 1.5             // the median beside a stalled relay, to that beside one that works
	wanted       = 1.1             // what it should be, also of the slowest hundredth: told, not required
	never        = 5 * time.Second // what no request takes: most of a relay's time limits are longer
)

// measured is how long calls took.
type measured struct{ lists, adds []time.Duration }

func (m *measured) join(o measured) {
	m.lists, m.adds = append(m.lists, o.lists...), append(m.adds, o.adds...)
}

// alike tells that neither call's median is too much slower.
func alike(calm, stalled measured) bool {
	within := func(calm, stalled []time.Duration) bool {
		calm, stalled = slices.Sorted(slices.Values(calm)), slices.Sorted(slices.Values(stalled))
		return float64(quantile(stalled, 50)) <= slowerAtMost*float64(quantile(calm, 50))
	}
	return within(calm.lists, stalled.lists) && within(calm.adds, stalled.adds)
}

// compare tells how much slower a server was, and objects where that is too much.
func compare(t *testing.T, step string, calm, stalled measured) {
	t.Helper()
	compareCalls(t, step, "list", calm.lists, stalled.lists)
	compareCalls(t, step, "add", calm.adds, stalled.adds)
}

func compareCalls(t *testing.T, step, call string, calm, stalled []time.Duration) {
	t.Helper()
	slices.Sort(calm)
	slices.Sort(stalled)
	ratio := func(percent int) float64 {
		return float64(quantile(stalled, percent)) / float64(quantile(calm, percent))
	}
	verdict := "met"
	if ratio(50) > wanted || ratio(99) > wanted {
		verdict = "SHORT"
	}
	t.Logf("%s, %s, %d each: median %v to %v, %.2f times as long; p99 %v to %v, %.2f times; at most %v of each: %s",
		step, call, len(calm), quantile(stalled, 50), quantile(calm, 50), ratio(50), quantile(stalled, 99), quantile(calm, 99), ratio(99), wanted, verdict)
	if ratio(50) > slowerAtMost {
		t.Errorf("%s, %s: the median is %.2f times that beside a relay that works, want at most %v", step, call, ratio(50), slowerAtMost)
	}
	if longest := quantile(stalled, 100); longest > never {
		t.Errorf("%s, %s: one took %v", step, call, longest)
	}
}
