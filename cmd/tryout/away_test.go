package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tryout/internal/inbox"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// outage is what callers were told of their adds while the primary came and went.
type outage struct {
	mu           sync.Mutex
	acknowledged []string
	refused      int       // 503
	first        time.Time // when an add was acknowledged after mark
	mark         time.Time // set when the primary returned
	odd          []string  // answers that there must not be
}

func (w *outage) note(address string, a *http.Response, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
	switch {
	case a.StatusCode == 204:
		w.acknowledged = append(w.acknowledged, address)
		if !w.mark.IsZero() && w.first.IsZero() {
			w.first = time.Now()
		}
	case a.StatusCode == 503 && err == nil && wait > 0:
		w.refused++
	default:
		w.odd = append(w.odd, fmt.Sprint(a.StatusCode, a.Header, text))
	}
}

func (w *outage) acknowledgements() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acknowledged)
}

func (w *outage) refusals() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// returns has the time of the next acknowledgement noted.
func (w *outage) returns() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mark, w.first = time.Now(), time.Time{}
}

// took is how long that took; zero while there is none.
func (w *outage) took() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(0, w.first.Sub(w.mark))
}

// A primary crashes under load and returns, three times: two replicas answer
// 503 meanwhile, are back by themselves, and nothing acknowledged is missing.
func TestWithoutAPrimaryReplicasAnswer503AndAreBackByThemselves(t *testing.T) {
	t.Parallel()
	primary, box := storetest.NewPrimary(t), openInbox(t)
	site := newSiteOn(t, home{postgres: primary.Address, master: make([]byte, store.KeySize)}, box.Addr().String())
	replicas := []*server{site.serve("--cap", "100000"), site.serve("--cap", "100000")}
	replicas[0].startTest()
	seen, over := &outage{}, make(chan struct{})
	var callers sync.WaitGroup
	for n := range 4 {
		callers.Go(func() { seen.call(replicas[n%2], n, over) })
	}
	for range 3 {
		seen.crash(t, primary, replicas)
	}
	close(over)
	callers.Wait()
	for _, odd := range seen.odd[:min(5, len(seen.odd))] {
		t.Errorf("%d answers are neither 204 nor 503 with Retry-After, such as %s", len(seen.odd), odd)
	}
	wantAll(t, primary.Address, seen.acknowledged)
	until(t, "every tester is mailed", func() bool {
		return storetest.Rows(t, primary.Address, "select count(*) from mails where state <> 'sent'")[0][0] == "0"
	})
	wantMailed(t, box, seen.acknowledged)
	t.Logf("acknowledged %d, refused %d", len(seen.acknowledged), seen.refused)
}

// call adds one tester after the other until it is over. A caller who heeds
// Retry-After would ask less.
func (w *outage) call(p *server, number int, over <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-over:
			return
		case <-time.After(20 * time.Millisecond):
		}
		address := fmt.Sprintf("c%d-%d@x.test", number, i)
		a, text := p.ask("POST", tests+"/testers/add", addBody(address))
		w.note(address, a, text)
	}
}

// crash has the primary crash, and return.
func (w *outage) crash(t *testing.T, primary *storetest.Primary, replicas []*server) {
	t.Helper()
	more := w.acknowledgements() + 20
	until(t, "some are acknowledged", func() bool { return w.acknowledgements() > more })
	before := w.refusals()
	primary.Crash()
	until(t, "callers are told 503", func() bool { return w.refusals() >= before+20 })
	wantAway(t, replicas)
	w.returns()
	primary.Return()
	until(t, "adds are acknowledged again", func() bool { return w.took() > 0 })
	t.Logf("the first add was acknowledged %v after the primary was told to return", w.took().Round(time.Millisecond))
	if w.took() > 10*time.Second {
		t.Errorf("back after %v", w.took())
	}
	until(t, "both are ready", func() bool { return readiness(replicas[0]) == 200 && readiness(replicas[1]) == 200 })
}

// wantMailed wants everybody mailed whose add was acknowledged, and nobody twice:
// the servers outlive the primary, and what became of a mail they tell the next.
func wantMailed(t *testing.T, box *inbox.Inbox, acknowledged []string) {
	t.Helper()
	arrived := map[string]int{}
	for _, m := range box.Messages() {
		arrived[m.To[0]]++
	}
	for address, n := range arrived {
		if n > 1 {
			t.Errorf("%s got %d invitations", address, n)
		}
	}
	for _, address := range acknowledged {
		if arrived[address] == 0 {
			t.Errorf("%s was acknowledged and got no mail", address)
		}
	}
}

// wantAway wants 503 of everything that needs the database, and to be told when
// to come again.
func wantAway(t *testing.T, replicas []*server) {
	t.Helper()
	for _, p := range replicas {
		for _, path := range []string{"/v1/vendors", tests + "/testers"} {
			a, text := p.ask("GET", path, "")
			if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s without a primary: %d, Retry-After %q, %s", path, a.StatusCode, a.Header.Get("Retry-After"), text)
			}
		}
		if status := readiness(p); status != 503 {
			t.Errorf("/readyz without a primary: %d", status)
		}
		if status, _ := p.operators("/livez"); status != 200 {
			t.Errorf("/livez without a primary: %d", status)
		}
	}
}

func readiness(p *server) int {
	status, _ := p.operators("/readyz")
	return status
}

// wantAll wants everybody whose add was acknowledged to be there.
func wantAll(t *testing.T, database string, acknowledged []string) {
	t.Helper()
	there := map[string]bool{}
	for _, row := range storetest.Rows(t, database, "select email from testers") {
		there[row[0]] = true
	}
	missing := slices.DeleteFunc(slices.Clone(acknowledged), func(a string) bool { return there[a] })
	if len(missing) > 0 {
		t.Errorf("%d of %d acknowledged are missing", len(missing), len(acknowledged))
	}
}
