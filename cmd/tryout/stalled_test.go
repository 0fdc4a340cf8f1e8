package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// early is how many testers are there when measuring begins: on an empty
// database, the side that had written less was a little slower.
var early = map[bool]int{false: 2000, true: 100}[underRace]

const (
	connections  = 4               // to the relay, as serve has them when told nothing
	slowerAtMost = 1.5             // the median beside a stalled relay, to that beside one that works
	wanted       = 1.1             // what it should be, also of the slowest hundredth: told, not required
	never        = 5 * time.Second // what no request takes: most of a relay's time limits are longer
	flat         = 5               // goroutines and files that may come and go by themselves
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

// Two servers, one with a relay that takes all mail, one with a relay that has
// all its connections wait at a step, are asked by turns. This runs alone: it
// measures.
func TestTheAPIIsAsFastWhileTheRelayIsStalled(t *testing.T) {
	steps := []string{"banner", "MAIL", ".", "EHLO", "STARTTLS", "AUTH", "RCPT", "DATA", "QUIT"}
	if underRace {
		steps = steps[:3]
	}
	for _, step := range steps {
		t.Run(step, func(t *testing.T) { measureStalled(t, step) })
	}
}

func measureStalled(t *testing.T, step string) {
	box, relay := openInbox(t), openStalling(t, step)
	defer relay.release() // before the server is told to stop, which finishes a message it began
	calm, stalled := asked(t, box.Addr().String()), asked(t, relay.address())
	if _, err := box.Next(t.Context(), early-1); err != nil { // it has nothing else to do
		t.Fatal(err)
	}
	for range connections {
		select {
		case <-relay.held:
		case <-time.After(soon):
			t.Fatal("not every connection came to the step")
		}
	}
	before := stalled.resources(t)
	for n := range turns(t) {
		for i, s := range []*subject{calm, stalled, stalled, calm} { // each as often after the other as after itself
			s.list()
			s.add(2*n + i/2)
		}
	}
	compare(t, step, "list", calm.lists, stalled.lists)
	compare(t, step, "add", calm.adds, stalled.adds)
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
}

// subject is a server that is measured.
type subject struct {
	*server
	lists, adds []time.Duration
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

func (s *subject) add(n int) {
	begun := time.Now()
	s.must(204, "POST", tests+"/testers/add", addBody(fmt.Sprintf("t%d@stall.test", n)))
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

// compare tells how much slower a server was, and objects where that is too much.
func compare(t *testing.T, step, call string, calm, stalled []time.Duration) {
	t.Helper()
	slices.Sort(calm)
	slices.Sort(stalled)
	ratio := func(percent int) float64 {
		return float64(quantile(stalled, percent)) / float64(quantile(calm, percent))
	}
	verdict := "met"
	if ratio(50) > wanted || ratio(99) > wanted {
		verdict = "SHORT"
	}
	t.Logf("%s, %s, %d each: median %v to %v, %.2f times as long; p99 %v to %v, %.2f times; at most %v of each: %s",
		step, call, len(calm), quantile(stalled, 50), quantile(calm, 50), ratio(50), quantile(stalled, 99), quantile(calm, 99), ratio(99), wanted, verdict)
	if ratio(50) > slowerAtMost {
		t.Errorf("%s, %s: the median is %.2f times that beside a relay that works, want at most %v", step, call, ratio(50), slowerAtMost)
	}
	if longest := quantile(stalled, 100); longest > never {
		t.Errorf("%s, %s: one took %v", step, call, longest)
	}
}
