package outbox_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheRateIsDividedAmongTheReplicas(t *testing.T) {
	t.Parallel()
	const perSecond = 60
	synctest.Test(t, func(t *testing.T) {
		var live atomic.Int64
		r, o, q := onMemory(t, always(nil))
		o.Rate, o.Replicas = perSecond, func() int { return int(live.Load()) }
		live.Store(1)
		q.queue(5000)
		r.run(o)
		for _, n := range []int{1, 2, 1, 6, 3, 1} { // some join, some die
			live.Store(int64(n))
			time.Sleep(time.Second) // what was reserved before
			before := len(r.relay.copies())
			time.Sleep(20 * time.Second)
			sent, share := len(r.relay.copies())-before, 20*perSecond/n
			if sent < share*95/100 || sent > share*105/100+1 {
				t.Errorf("%d mails in 20 s, want the share of %d replicas, %d", sent, n, share)
			}
		}
	})
}
