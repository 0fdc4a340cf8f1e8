package crash_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// tally is what a series did and saw.
type tally struct {
	kills, unborn                       int // unborn: killed while it started
	added, removed, accepted, listed    int // acknowledged; testers, testers, answers, pages
	happened, unhappened, mails, copies int
	restarts                            []time.Duration
}

func (t *tally) count(j journal) {
	for _, d := range j {
		switch {
		case d.outcome == happened:
			t.happened++
		case d.outcome == unhappened:
			t.unhappened++
		case d.outcome != acknowledged:
		case d.verb == add:
			t.added += len(d.addresses)
		case d.verb == remove:
			t.removed += len(d.addresses)
		case d.verb == accept:
			t.accepted++
		case d.verb == list:
			t.listed++
		}
	}
}

func (t *tally) join(more tally) {
	t.kills += more.kills
	t.unborn += more.unborn
	t.added += more.added
	t.removed += more.removed
	t.accepted += more.accepted
	t.listed += more.listed
	t.happened += more.happened
	t.unhappened += more.unhappened
	t.mails += more.mails
	t.copies += more.copies
	t.restarts = append(t.restarts, more.restarts...)
}

// summary is one line. The bound is the rule of three: what 0 of n leaves
// possible with 95 %.
func (t tally) summary(f findings, seed uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kills %d (and %d while starting); acknowledged: testers %d, removals %d, accepts %d, pages %d; ",
		t.kills, t.unborn, t.added, t.removed, t.accepted, t.listed)
	fmt.Fprintf(&b, "unanswered: done %d, not done %d; ", t.happened, t.unhappened)
	for _, kind := range []fault{missing, half, resurrected, strange, misread, broken} {
		fmt.Fprintf(&b, "%s %d, ", kind, len(f[kind]))
	}
	fmt.Fprintf(&b, "mails %d: lost %d, second copies %d (without a kill %d, renamed %d), astray %d; ",
		t.mails, len(f[lost]), t.copies, len(f[repeated]), len(f[renamed]), len(f[astray]))
	if len(t.restarts) > 0 {
		fmt.Fprintf(&b, "restart to ready p50 %v, p99 %v; ", t.ready(50), t.ready(99))
	}
	if len(f) == 0 {
		fmt.Fprintf(&b, "0 of %d: below %.2g %% of kills, %.2g %% of testers (95 %%); ",
			t.kills, 300/float64(t.kills), 300/float64(t.added))
	}
	fmt.Fprintf(&b, "seed %d", seed)
	return b.String()
}

// ready is a percentile of the time from exec to readiness.
func (t tally) ready(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(t.restarts))
	return sorted[(len(sorted)*percent-1)/100].Round(time.Millisecond)
}
