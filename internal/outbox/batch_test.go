package outbox_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

const workers = 4 // and so connections

// batchSize is how many testers are added at once: as many as one call may add,
// fewer where the race detector looks.
func batchSize() int {
	if raced {
		return 60
	}
	return 500
}

// cuts are the k after which the receiver of a batch dies: every one of them
// with OUTBOX_CUTS=all, else the ends and the middle, that alone where the race
// detector looks.
func cuts() (list []int) {
	batch := batchSize()
	switch {
	case raced:
		return []int{batch / 2}
	case os.Getenv("OUTBOX_CUTS") != "all":
		return []int{0, 1, batch / 2, batch - 1, batch}
	}
	for k := range batch + 1 {
		list = append(list, k)
	}
	return list
}

// tally is what was seen in batches.
type tally struct{ batches, deaths, cut, lost, unknown, seconds int }

func (y *tally) add(of tally) {
	y.batches += of.batches
	y.deaths += of.deaths
	y.cut += of.cut
	y.lost += of.lost
	y.unknown += of.unknown
	y.seconds += of.seconds
}

func TestABatchOutlivesItsReceiver(t *testing.T) {
	t.Parallel()
	var all tally
	var mu sync.Mutex
	t.Run("dies", func(t *testing.T) { // ends when all in it have
		for _, at := range deaths {
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				var seen tally
				for _, k := range cuts() {
					seen.add(dieAndRevive(t, death{after: k, at: at, of: batchSize()}))
				}
				t.Logf("%+v", seen)
				mu.Lock()
				defer mu.Unlock()
				all.add(seen)
			})
		}
	})
	t.Logf("%d batches of %d mails; the receiver died in %d and cut %d connections: %d mails lost, %d outcomes unknown and sent again, %d of these as second copies",
		all.batches, batchSize(), all.deaths, all.cut, all.lost, all.unknown, all.seconds)
}

// dieAndRevive sends a batch to a receiver that dies and comes back after a
// while, and requires of the outcome what was promised.
func dieAndRevive(t *testing.T, d death) (seen tally) {
	v := &receiver{death: d}
	defer v.listen(t)()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Workers, o.Company = workers, -1 // the clock stands still while the receiver is silent
		client := &mail.Client{Relay: v.Relay}
		t.Cleanup(func() { client.Close() })
		o.Relays = []outbox.Sender{client}
		r.run(o)
		r.add(1, d.of)
		time.Sleep(10 * time.Minute)
		v.revive()
		time.Sleep(time.Hour)
		synctest.Wait()
		seen = r.audit(v)
	})
	return seen
}

// audit holds the ledger against what the receiver took: no mail is lost, a
// second copy is of one whose outcome was unknown, and these are at most as many
// as connections were cut.
func (r *rig) audit(v *receiver) tally {
	r.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	seen, copies, mails := tally{batches: 1, cut: v.cut}, map[string][]int{}, r.mails()
	for i, m := range v.taken {
		copies[m.to] = append(copies[m.to], i+1)
	}
	for n := 1; n <= v.death.of; n++ {
		m, of := mails[address(n)], copies[address(n)]
		if why := m.mistake(v.taken, of); why != "" {
			r.Errorf("%+v: %s: %s; taken as %v, ledger %+v", v.death, address(n), why, of, m.Settlement)
		}
		if len(of) == 0 {
			seen.lost++
		}
		seen.unknown += m.Unknowns
		seen.seconds += max(0, len(of)-1)
	}
	if v.died {
		seen.deaths = 1
	}
	if len(mails) != v.death.of || len(copies) != v.death.of || seen.unknown > v.cut || v.died != v.death.comes() {
		r.Errorf("%+v, came: %v: %d mails to %d; seen %+v", v.death, v.died, len(mails), len(copies), seen)
	}
	return seen
}

// mistake says what is wrong with a mail, of which so many copies were taken.
func (m stored) mistake(taken []taking, copies []int) string {
	for _, n := range copies {
		if id := fmt.Sprintf("<%s@tryout.example>", m.ID); taken[n-1].id != id {
			return "a copy has Message-ID " + taken[n-1].id + ", want " + id
		}
	}
	switch {
	case len(copies) == 0:
		return "lost"
	case len(copies) > 1+m.Unknowns:
		return "a second copy, though the outcome was known"
	case m.State != beta.MailSent || m.Reply.Code != 250 || m.Reply.QueueID != fmt.Sprintf("Q-%d", copies[len(copies)-1]):
		return "the ledger does not say that it was sent, and as what"
	case m.Attempts != 1+m.Unknowns:
		return "an attempt was burnt that was no fault of the mail's"
	}
	return ""
}
