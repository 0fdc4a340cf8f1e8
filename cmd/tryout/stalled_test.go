package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// early is how many testers are there when measuring begins: on an empty
// database, the side that had written less was a little slower.
var early = map[bool]int{false: 2000, true: 100}[underRace]

const (
	connections = 4 // to the relay, as serve has them when told nothing
	flat        = 5 // goroutines and files that may come and go by themselves
	more        = 3 // times as many turns while a difference may be chance: chance does not last
)

// turns is how often each side is asked for each step.
func turns(t *testing.T) int {
	t.Helper()
	n := map[bool]int{false: 100, true: 20}[underRace]
	if text := os.Getenv("STALL_TURNS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatalf("STALL_TURNS: %v", err)
		}
	}
	return n
}

// equal is the control: no relay stalls, and what differs is chance.
const equal = "two equal sides"

// Two servers, one with a relay that takes all mail, one with a relay that has
// all its connections wait at a step, are asked by turns. This runs alone: it
// measures.
func TestTheAPIIsAsFastWhileTheRelayIsStalled(t *testing.T) {
	steps := []string{"banner", "MAIL", ".", "EHLO", "STARTTLS", "AUTH", "RCPT", "DATA", "QUIT"}
	if underRace {
		steps = steps[:3]
	}
	t.Run(equal, func(t *testing.T) { measureStalled(t, equal) })
	var calm, stalled measured
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			a, z := measureStalled(t, step)
			calm.join(a)
			stalled.join(z)
		})
	}
	compare(t, "all steps", calm, stalled)
}

func measureStalled(t *testing.T, step string) (measured, measured) {
	box, relay := openInbox(t), openStalling(t, step)
	defer relay.release() // before the server is told to stop, which finishes a message it began
	address, mails, held := relay.address(), early, connections
	if step == equal {
		address, mails, held = box.Addr().String(), 2*early, 0
	}
	calm, stalled := asked(t, box.Addr().String()), asked(t, address)
	if _, err := box.Next(t.Context(), mails-1); err != nil { // it has nothing else to do
		t.Fatal(err)
	}
	for range held {
		select {
		case <-relay.held:
		case <-time.After(soon):
			t.Fatal("not every connection came to the step")
		}
	}
	before := stalled.resources(t)
	for range more {
		askByTurns(t, calm, stalled, func(asked *subject) {
			if asked == stalled && held > 0 {
				return
			}
			if _, err := box.Next(t.Context(), mails); err != nil {
				t.Fatal(err)
			}
			mails++
		})
		if alike(calm.measured, stalled.measured) {
			break
		}
	}
	compare(t, step, calm.measured, stalled.measured)
	after := stalled.resources(t)
	for what, n := range after {
		if n > before[what]+flat {
			t.Errorf("%s: from %v to %v while it stalled", what, before[what], n)
		}
	}
	if relay.most > connections {
		t.Errorf("%d connections, want at most %d", relay.most, connections)
	}
	t.Logf("%s: %v, then %v; at most %d connections", step, before, after, relay.most)
	return calm.measured, stalled.measured
}

// askByTurns asks each as often after the other as after itself, and nobody
// while a mail is under way: whoever came next would be slower beside it.
func askByTurns(t *testing.T, calm, stalled *subject, mailed func(*subject)) {
	for range turns(t) {
		for _, s := range []*subject{calm, stalled, stalled, calm} {
			s.list()
			s.add()
			mailed(s)
		}
	}
}

// subject is a server that is measured.
type subject struct {
	*server
	measured
}

// asked is a server with a test of early testers, whose invitations are sent.
func asked(t *testing.T, relay string) *subject {
	t.Helper()
	s := &subject{server: newSite(t, relay).serve("--cap", "1000000")}
	s.startTest()
	for part := range early / 100 {
		var some []string
		for n := range 100 {
			some = append(some, fmt.Sprintf(`{"emailId":"early%d-%d@stall.test"}`, part, n))
		}
		s.must(204, "POST", tests+"/testers/add", `{"testers":[`+strings.Join(some, ",")+`]}`)
	}
	return s
}

func (s *subject) list() {
	begun := time.Now()
	s.must(200, "GET", tests+"/testers?maxResults=100", "")
	s.lists = append(s.lists, time.Since(begun))
}

func (s *subject) add() {
	body := addBody(fmt.Sprintf("t%d@stall.test", len(s.adds)))
	begun := time.Now()
	s.must(204, "POST", tests+"/testers/add", body)
	s.adds = append(s.adds, time.Since(begun))
}

// resources are what a server holds.
func (s *subject) resources(t *testing.T) map[string]float64 {
	t.Helper()
	_, text := s.operators("/metrics")
	held := map[string]float64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "go_goroutines" || name == "process_open_fds" {
			held[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	if len(held) != 2 {
		t.Fatalf("the metrics say nothing of it:\n%s", text)
	}
	return held
}
