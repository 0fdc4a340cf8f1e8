package crash_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/storetest"
)

// fleet is two replicas on one PostgreSQL. One of them is killed, again and
// again, while the other goes on; half of the clients are at each.
type fleet struct {
	*series
	doors [2]*door
	lives [2]*life
}

// Of two replicas, one dies at a random moment: what either acknowledged is
// shown by both, and no mail is lost or sent twice but by whoever takes over what
// the dead one had claimed.
func TestAReplicaThatIsKilledTakesNothingWithIt(t *testing.T) {
	rounds, seed := int(number(t, "CRASH_ROUNDS", 20)), seed(t)
	f := newFleet(t, seed)
	f.run(rounds)
	t.Log("two replicas: " + f.summary(f.faults, seed))
	if len(f.faults) > 0 {
		t.Errorf("seed %d:\n%s", seed, f.faults)
	}
}

var masterKey = strings.Repeat("0123456789abcdef", 4)

func newFleet(t *testing.T, seed uint64) *fleet {
	t.Helper()
	address := storetest.NewPostgres(t)
	site := newSiteOn(t, address, []string{"--database", address, "--master-key", masterKey}, skills)
	storetest.Rows(t, address, noteClaims)
	f := &fleet{series: &series{
		site: site, rng: rand.New(rand.NewPCG(seed, 0)), faults: findings{}, least: 5 * time.Millisecond, deaths: map[int]int{},
	}}
	for n := range clients {
		f.clients = append(f.clients, newClient(n, rand.New(rand.NewPCG(seed, uint64(n)+1)), f.relay))
	}
	for i := range f.lives {
		f.doors[i] = f.relay.open(t)
		f.start(i)
	}
	f.begin()
	return f
}

// noteClaims has the database note which server made each claim: it shows by
// the name that the server's connections have.
const noteClaims = `
	create table claimants (claim text not null primary key, life text not null);
	create function note_claim() returns trigger language plpgsql as $$
	begin
		insert into claimants values (new.claim, current_setting('application_name')) on conflict do nothing;
		return new;
	end $$;
	create trigger note_claim after update of claim on mails
		for each row when (new.claim <> old.claim) execute function note_claim()`

// start starts a server and has it asked from now on.
func (f *fleet) start(i int) {
	f.t.Helper()
	where := append([]string{}, f.where...)
	where[1] += fmt.Sprintf("&application_name=life-%d", f.relay.coming())
	f.lives[i] = f.await(f.exec(f.doors[i], where))
	f.life = f.lives[i]
}

// run kills one of the two a number of times, lets the mail out, and judges it
// all. The first fault ends it.
func (f *fleet) run(rounds int) {
	f.t.Helper()
	for f.kills < rounds && len(f.faults) == 0 {
		victim := f.rng.IntN(2)
		f.work(victim)
		f.bury(f.lives[victim])
		f.life = f.lives[1-victim]
		f.audit()
		f.start(victim)
		f.restarts = append(f.restarts, f.life.ready)
		f.audit() // by the other, with everything settled
	}
	f.drain()
	f.auditPost()
	for _, l := range f.lives {
		f.faults.join(l.kill())
	}
}

// work has the clients at both until the victim is killed and the other has
// gone on alone for a while.
func (f *fleet) work(victim int) {
	f.t.Helper()
	over := make(chan struct{})
	var busy sync.WaitGroup
	for n, c := range f.clients {
		busy.Go(func() { c.run(f.lives[n%2], over) })
	}
	time.Sleep(f.between(f.least, 400*time.Millisecond))
	f.faults.join(f.lives[victim].kill())
	f.kills++
	time.Sleep(f.between(0, 200*time.Millisecond))
	close(over)
	busy.Wait()
}

// bury waits until the database has done with a dead server: what it was sent
// last may still be done. Then the leases of what it had claimed end at once,
// not in ten minutes.
func (f *fleet) bury(dead *life) {
	f.t.Helper()
	name := fmt.Sprintf("life-%d", dead.number)
	for begun := time.Now(); f.site.count("pg_stat_activity where application_name = '"+name+"'") > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			f.t.Fatalf("PostgreSQL still works for %s", name)
		}
	}
	for door := range f.doors {
		if f.lives[door] == dead {
			f.deaths[dead.number] = f.doors[door].quiet()
		}
	}
	storetest.Rows(f.t, f.database, `
		update mails set due_at = 1
		where state = 'sending' and claim in (select claim from claimants where life = '`+name+`')`)
}
