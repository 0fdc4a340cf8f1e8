package crash_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"sync"
	"testing"
	"time"
)

const (
	clients     = 8
	connections = 4 // to the relay: as many messages can be taken and not yet booked
)

// series is a number of kills on one data directory.
type series struct {
	*site
	rng     *rand.Rand
	clients []*client
	life    *life
	tally
	faults findings
	least  time.Duration // of life before a kill
	deaths map[int]int   // of each life, how many deliveries there were before; nil where one life ends before the next begins
	// tamper, if set, may damage what a kill left; the series ends with the kill
	// after which it did. See the control runs.
	tamper func(*series) (done bool)
}

func newSeries(t *testing.T, seed, number uint64) *series {
	s := &series{site: newSite(t, skills...), rng: rand.New(rand.NewPCG(seed, number<<8)), faults: findings{}, least: 5 * time.Millisecond}
	for n := range clients {
		rng := rand.New(rand.NewPCG(seed, number<<8+uint64(n)+1))
		s.clients = append(s.clients, newClient(n, rng, s.relay))
	}
	s.life = s.live()
	s.begin()
	return s
}

// begin creates the tests and starts those that run.
func (s *series) begin() {
	s.t.Helper()
	for skill := range skills {
		s.must(http.StatusCreated, "POST", testsPath(skill), "{}", nil)
		if skill < running {
			s.must(http.StatusAccepted, "POST", testsPath(skill)+"/start", "", nil)
		}
		var test struct{ InvitationURL string }
		s.must(http.StatusOK, "GET", testsPath(skill), "", &test)
		s.relay.learn(path.Base(test.InvitationURL), skill)
	}
}

// run kills the server a number of times, lets the mail out, and judges it all.
// The first fault ends it: what follows from one would be counted again.
func (s *series) run(kills int) {
	s.t.Helper()
	for done := false; s.kills < kills && !done && len(s.faults) == 0; {
		s.work()
		if s.tamper != nil {
			done = s.tamper(s)
		}
		s.restart()
		s.audit()
	}
	s.drain()
	s.auditPost()
	s.faults.join(s.life.kill())
}

// work has the clients at it until the server is killed under them.
func (s *series) work() {
	s.t.Helper()
	var busy sync.WaitGroup
	for _, c := range s.clients {
		busy.Go(func() { c.run(s.life, nil) })
	}
	time.Sleep(s.between(s.least, 400*time.Millisecond))
	s.faults.join(s.life.kill())
	s.kills++
	busy.Wait()
}

// restart starts the server; now and then one is killed while it starts, perhaps
// in the middle of its recovery.
func (s *series) restart() {
	s.t.Helper()
	if s.rng.IntN(5) == 0 {
		unborn := s.exec(s.door, s.where)
		time.Sleep(s.between(0, 40*time.Millisecond))
		s.faults.join(unborn.kill())
		s.unborn++
	}
	left := s.examine()
	if left.integrity != "ok" {
		s.faults.add(broken, "integrity after kill %d: %s", s.kills, left.integrity)
	}
	s.life = s.live()
	s.restarts = append(s.restarts, s.life.ready)
	s.lapse(left.claims)
}

func (s *series) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.rng.Int64N(int64(most-least)))
}

// audit compares what the clients know with what the server shows, and has the
// clients go on from there.
func (s *series) audit() {
	s.t.Helper()
	journals := make([]journal, clients)
	for n, c := range s.clients {
		journals[n] = c.journal
	}
	settled, f := audit(journals, s.world())
	s.faults.join(f)
	for n, c := range s.clients {
		c.resume(settled[n])
	}
}

// world reads every test from the server.
func (s *series) world() world {
	s.t.Helper()
	w := world{}
	for skill := range skills {
		before := len(w)
		token := ""
		for more := true; more; more = token != "" {
			var p page
			s.must(http.StatusOK, "GET", testsPath(skill)+"/testers?maxResults=500"+token, "", &p)
			for _, t := range p.Testers {
				w[place{skill, t.EmailID}] = t.InvitationStatus
			}
			if token = ""; p.NextToken != "" {
				token = "&nextToken=" + url.QueryEscape(p.NextToken)
			}
		}
		s.checkCount(skill, len(w)-before)
	}
	return w
}

// checkCount wants the number that the server keeps to be that of its testers.
func (s *series) checkCount(skill, testers int) {
	s.t.Helper()
	var test struct{ InvitesRemaining int }
	s.must(http.StatusOK, "GET", testsPath(skill), "", &test)
	if test.InvitesRemaining != testerCap-testers {
		s.faults.add(strange, "skill %d: %d invites remain of %d, with %d testers", skill, test.InvitesRemaining, testerCap, testers)
	}
}

// auditPost compares what the relay accepted with what was to be sent.
func (s *series) auditPost() {
	s.t.Helper()
	deliveries := s.relay.deliveries()
	copies, f := auditPost(s.invitees(), s.ledger(), deliveries, s.deaths)
	s.faults.join(f)
	if most := connections * (s.kills + s.unborn); copies > most {
		s.faults.add(repeated, "%d second copies; %d kills can cost %d", copies, s.kills+s.unborn, most)
	}
	s.mails, s.copies = len(deliveries), copies
	for _, c := range s.clients {
		s.tally.count(c.journal)
	}
}

// must asks the living server, wants a status, and reads the answer.
func (s *series) must(want int, method, path, body string, answer any) {
	s.t.Helper()
	text := s.want(s.clients[0], s.life, want, method, path, body)
	if answer == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}
