package crash_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"tryout/internal/storetest"
)

// failover is two replicas over a cluster that loses its primary, again and
// again. Nobody else dies: half of the clients are at each replica, and ask again
// until they are answered.
type failover struct {
	*series
	cluster *storetest.Cluster
	lives   [2]*life
	told    *told
	without []time.Duration // writes, of each round
}

// The primary dies for good at a random moment, with its Patroni, and comes back
// as a standby once another has taken its place: nothing acknowledged is missing
// or comes back, no mail is lost or sent twice, and nobody was told anything but
// 503 and when to come again.
func TestTheNextPrimaryHasAllThatWasAcknowledged(t *testing.T) {
	if os.Getenv("FAILOVER_ROUNDS") == "" {
		t.Skip("not asked for: make failover")
	}
	seed := seed(t)
	f := newFailover(t, seed)
	f.run(int(number(t, "FAILOVER_ROUNDS", 20)))
	t.Log("failover: " + f.summary(f.faults, seed))
	slices.Sort(f.without)
	t.Logf("seconds without writes: p50 %.1f, most %.1f, of %d rounds", f.without[len(f.without)/2].Seconds(), f.without[len(f.without)-1].Seconds(), len(f.without))
	if len(f.faults) > 0 {
		t.Errorf("seed %d:\n%s", seed, f.faults)
	}
}

func newFailover(t *testing.T, seed uint64) *failover {
	t.Helper()
	cluster := storetest.NewCluster(t, "../deploy", 3)
	site := newSiteOn(t, cluster.Address, []string{"--database", cluster.Address, "--master-key", masterKey}, skills)
	site.away = true
	f := &failover{cluster: cluster, told: newTold(), series: &series{
		site: site, rng: rand.New(rand.NewPCG(seed, 0)), faults: findings{}, least: 100 * time.Millisecond, deaths: map[int]int{},
	}}
	for n := range clients {
		c := newClient(n, rand.New(rand.NewPCG(seed, uint64(n)+1)), f.relay)
		c.told = f.told
		f.clients = append(f.clients, c)
	}
	for i := range f.lives {
		f.lives[i] = f.await(f.exec(f.relay.open(t), f.where))
	}
	f.life = f.lives[0]
	f.begin()
	return f
}

// run has the primary die a number of times, lets the mail out, and judges it
// all. The first fault ends it.
func (f *failover) run(rounds int) {
	f.t.Helper()
	for f.kills < rounds && len(f.faults) == 0 {
		f.round()
		f.audits()
	}
	f.settle()
}

// audits has both replicas judged, the second with everything settled.
func (f *failover) audits() {
	f.t.Helper()
	for _, f.life = range f.lives {
		f.audit()
	}
	for _, odd := range f.told.odd {
		f.faults.add(broken, "an answer was %s", odd)
	}
}

// settle lets the mail out, and judges it.
func (f *failover) settle() {
	f.t.Helper()
	f.drain()
	f.auditPost()
	for _, l := range f.lives {
		f.faults.join(l.kill())
	}
}

// round has the clients at it while the primary dies, the next one takes writes,
// and the dead one comes back.
func (f *failover) round() {
	f.t.Helper()
	f.during(func() {
		killed := f.lose()
		begun := time.Now()
		f.cluster.Return(killed)
		f.t.Logf("whole again %.1f s later, on timeline %d", time.Since(begun).Seconds(), f.cluster.Timeline())
	})
}

func (f *failover) during(fn func()) {
	over := make(chan struct{})
	var busy sync.WaitGroup
	for n, c := range f.clients {
		busy.Go(func() { c.insist(f.lives[n%2], over) })
	}
	fn()
	close(over)
	busy.Wait()
}

// lose kills the primary at a random moment and waits for the next.
func (f *failover) lose() (killed int) {
	f.t.Helper()
	after := f.between(f.least, 2*time.Second)
	time.Sleep(after)
	killed = f.cluster.Crash()
	f.told.wait()
	f.kills++
	took := f.awaitWrite(time.Now())
	f.without = append(f.without, took)
	f.t.Logf("round %d: server %d killed after %.1f s; without writes for %.1f s, clients were told %s",
		f.kills, killed+1, after.Seconds(), took.Seconds(), f.told)
	return killed
}

func (f *failover) awaitWrite(begun time.Time) time.Duration {
	f.t.Helper()
	select {
	case again := <-f.told.again:
		return again.Sub(begun)
	case <-time.After(2 * patience):
		f.t.Fatalf("no write is acknowledged within %v of the primary's death; clients were told %s", 2*patience, f.told)
		return 0
	}
}

// A primary that is frozen takes connections and answers none; when it wakes it
// believes that it is the primary still, until its Patroni has seen otherwise.
func TestAPrimaryThatWasFrozenIsNotBelieved(t *testing.T) {
	if os.Getenv("FAILOVER_ROUNDS") == "" {
		t.Skip("not asked for: make failover")
	}
	seed := seed(t)
	f := newFailover(t, seed)
	for rounds := number(t, "FREEZE_ROUNDS", 5); f.kills < int(rounds) && len(f.faults) == 0; f.audits() {
		f.during(f.freeze)
	}
	f.settle()
	if f.kills == 0 {
		t.Fatal("nothing was frozen; FREEZE_ROUNDS is how often")
	}
	t.Log("frozen: " + f.summary(f.faults, seed))
	if len(f.faults) > 0 {
		t.Errorf("seed %d:\n%s", seed, f.faults)
	}
}

// freeze has the primary stand still until another takes writes, and a moment
// longer, so that the clients are at it when it wakes.
func (f *failover) freeze() {
	f.t.Helper()
	after := f.between(f.least, 2*time.Second)
	time.Sleep(after)
	before := f.cluster.Timeline()
	frozen := f.cluster.Freeze()
	f.told.wait()
	f.kills++
	took := f.awaitWrite(time.Now())
	time.Sleep(f.between(0, 5*time.Second))
	begun := time.Now()
	how := ""
	if f.cluster.Thaw(frozen) {
		how = " (Patroni gave it the lock again, and it had to be killed)"
	}
	now := f.cluster.Timeline()
	if now <= before {
		f.t.Fatalf("the timeline was %d and is %d: no other server took over, so none was frozen", before, now)
	}
	f.t.Logf("round %d: server %d frozen after %.1f s; without writes for %.1f s, clients were told %s; whole again %.1f s after it woke%s, on timeline %d",
		f.kills, frozen+1, after.Seconds(), took.Seconds(), f.told, time.Since(begun).Seconds(), how, now)
}

// The control: were it enough that the primary has a write, and its standbys fall
// behind, what was acknowledged is gone with it, and the verdict tells.
func TestTheVerdictTellsThatTheNextPrimaryWasBehind(t *testing.T) {
	if os.Getenv("FAILOVER_ROUNDS") == "" {
		t.Skip("not asked for: make failover")
	}
	seed := seed(t)
	f := newFailover(t, seed)
	f.cluster.Loosen()
	f.least = time.Second
	f.during(func() { f.lose() })
	f.audit()
	t.Logf("seed %d:\n%s", seed, f.faults)
	if len(f.faults[missing]) == 0 {
		t.Errorf("seed %d: want that testers are missing; got:\n%s", seed, f.faults)
	}
}
