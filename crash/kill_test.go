package crash_test

import (
	"fmt"
	"testing"
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
