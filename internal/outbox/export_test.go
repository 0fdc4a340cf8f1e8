package outbox

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Seed has the times of retries repeat themselves, for one order of events.
func (o *Outbox) Seed(seed uint64) {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 0))
	o.random = func(below time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(r.Int64N(int64(below)))
	}
}
