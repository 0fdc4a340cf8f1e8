package crash_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// perSeries is how many kills one data directory lives through: enough to be an
// old one, few enough that what is compared stays small.
const perSeries = 30

func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	kills, seed := int(number(t, "CRASH_KILLS", perSeries)), seed(t)
	var all tally
	faults := findings{}
	for n := 0; all.kills < kills && !t.Failed(); n++ {
		t.Run(fmt.Sprintf("series %d", n), func(t *testing.T) {
			s := newSeries(t, seed, uint64(n))
			s.run(min(perSeries, kills-all.kills))
			all.join(s.tally)
			faults.join(s.faults)
			if len(s.faults) > 0 {
				t.Errorf("seed %d, series %d:\n%s", seed, n, s.faults)
			}
		})
	}
	t.Log(all.summary(faults, seed))
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
	fmt.Fprintf(&b, "restart to ready p50 %v, p99 %v; ", t.ready(50), t.ready(99))
	fmt.Fprintf(&b, "0 of %d: below %.2g %% of kills (95 %%); seed %d", t.kills, 300/float64(t.kills), seed)
	return b.String()
}

// ready is a percentile of the time from exec to readiness.
func (t tally) ready(percent int) time.Duration {
	if len(t.restarts) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t.restarts))
	return sorted[(len(sorted)*percent-1)/100].Round(time.Millisecond)
}
