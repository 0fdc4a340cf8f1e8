package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/storetest"
)

const (
	removers = 4
	channels = 4 // connections to the relay
)

// near is among how many whose turn is now one is removed: in a database where
// a removal takes longer more are sent while it does.
var near = map[bool]int{false: 16, true: 100}[storetest.OnPostgres()]

// removals is how many testers are removed, each when their invitation is about
// to be sent.
var removals = map[bool]int{false: 2000, true: 200}[underRace]

// Whoever removes a tester and has the answer, 204, may count on it: no
// invitation is sent for which it is asked after that whether it is still
// wanted. Those asked about before may be on their way: never more than there
// are connections, since nothing comes between the question and MAIL FROM. How
// long after the answer they began is told.
func TestNoInvitationIsSentByACheckThatBeganAfterTheRemoval(t *testing.T) {
	t.Parallel()
	r := newRace(t)
	r.run()
	var gaps []time.Duration
	sent := 0
	for n, c := range r.witness.courses {
		if c.taken > 1 || c.taken > 0 && c.asked.After(c.removed) {
			t.Errorf("%s: %d invitations, asked about %v after the removal was answered", person(n), c.taken, c.asked.Sub(c.removed))
		}
		if c.taken > 0 && c.begun.After(c.removed) {
			gaps = append(gaps, c.begun.Sub(c.removed))
		}
		sent += c.taken
	}
	if most := r.witness.most; most > channels {
		t.Errorf("%d invitations asked about and not taken at once, want at most %d", most, channels)
	}
	if sent == 0 || sent == removals {
		t.Errorf("%d of %d invitations were sent: that was no race", sent, removals)
	}
	slices.Sort(gaps)
	t.Logf("%d removals, %d invitations sent, %d of them in flight at the 204; from the 204 to their MAIL FROM: p50 %v, p99 %v, longest %v",
		removals, sent, len(gaps), quantile(gaps, 50), quantile(gaps, 99), quantile(gaps, 100))
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100].Round(time.Microsecond)
}

// race is the whole program, with removals at its heels.
type race struct {
	*program
	t       *testing.T
	token   string
	witness *witness
	turns   chan int      // whom to remove next
	ended   chan struct{} // one for each mail that is settled
}

func newRace(t *testing.T) *race {
	t.Helper()
	w := newWitness(t)
	site := newSite(t, w.relay.Addr())
	p, err := build(t.Context(), settings{
		listen: "127.0.0.1:0", home: site.home, mailFrom: "beta@tryout.test", maxInFlight: 64, drainGrace: time.Nanosecond,
		relays: []mail.Relay{w.relay}, connections: channels, rules: beta.Rules{Cap: removals, Life: time.Hour},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := &race{program: p, t: t, token: site.token, witness: w, turns: make(chan int, removals), ended: make(chan struct{}, 2*removals)}
	w.Author, p.outbox.Author = p.service, w
	order := shuffled()
	w.first = func(n int) { r.turns <- order[n] }
	p.outbox.Settled = func(s beta.MailState) {
		if s == beta.MailSent || s == beta.MailDropped {
			r.ended <- struct{}{}
		}
	}
	return r
}

// shuffled says who is removed when it is asked about each: somebody near them.
func shuffled() []int {
	order := make([]int, removals)
	for n := range order {
		order[n] = n
	}
	for part := range slices.Chunk(order, near) {
		rand.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	return order
}

// run adds everybody, has them removed, and returns when the program has ended
// with nothing left to send: each invitation, and each notice of a removal, was
// sent or dropped.
func (r *race) run() {
	ctx, stop := context.WithCancel(context.Background())
	var serving, removing sync.WaitGroup
	serving.Go(func() {
		if err := r.program.run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	for range removers {
		removing.Go(r.remove)
	}
	r.post(tests, "{}")
	r.post(tests+"/start", "")
	for part := range slices.Chunk(slices.Collect(everybody), 500) {
		r.post(tests+"/testers/add", `{"testers":[`+strings.Join(part, ",")+`]}`)
	}
	r.wait(2 * removals)
	close(r.turns)
	removing.Wait()
	stop()
	serving.Wait()
}

// wait returns when so many mails are settled, or something failed.
func (r *race) wait(mails int) {
	late := time.After(4 * soon)
	for n := range mails {
		select {
		case <-r.ended:
		case <-late:
			r.t.Errorf("%d of %d mails are settled", n, mails)
		}
		if r.t.Failed() {
			return
		}
	}
}

func person(n int) string { return fmt.Sprintf("t%04d@race.test", n) }

func everybody(yield func(string) bool) {
	for n := range removals {
		if !yield(`{"emailId":"` + person(n) + `"}`) {
			return
		}
	}
}

// remove removes those whose turn it is.
func (r *race) remove() {
	for n := range r.turns {
		r.post(tests+"/testers/remove", addBody(person(n)))
		r.witness.removed(n, time.Now())
	}
}

// post makes a call, which must succeed.
func (r *race) post(path, body string) {
	req, err := http.NewRequest("POST", r.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode/100 != 2 {
		r.t.Errorf("%s: %d %s, %v", path, resp.StatusCode, text, err)
	}
}
