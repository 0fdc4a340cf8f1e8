package crash_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The kills come while the crowd is being invited, in steps and by mail: that is
// the most that a restart can find unfinished.
func TestAServerWithAHundredThousandTestersIsReadyWithinASecond(t *testing.T) {
	const crowd, kills = 100_000, 7
	s := newSite(t, skills[0])
	l := s.live()
	c := newClient(0, rand.New(rand.NewPCG(seed(t), 0)), s.relay)
	s.want(c, l, http.StatusCreated, "POST", testsPath(0), "{}")
	s.fill(l, crowd)
	s.want(c, l, http.StatusAccepted, "POST", testsPath(0)+"/start", "")

	var took []time.Duration
	for range kills {
		time.Sleep(time.Duration(c.rng.Int64N(int64(300 * time.Millisecond))))
		l.kill()
		l = s.live()
		took = append(took, l.ready.Round(time.Millisecond))
	}
	slices.Sort(took)
	t.Logf("%d testers, %d mails: exec to ready, %d kills: %v", crowd, s.count("mails"), kills, took)
	if took[kills/2] > time.Second { // the middle one: others use this machine too
		t.Errorf("ready after %v, want one second", took[kills/2])
	}
	remain := fmt.Sprintf(`"invitesRemaining":%d`, testerCap-crowd)
	if text := s.want(c, l, http.StatusOK, "GET", testsPath(0), ""); !strings.Contains(text, remain) {
		t.Errorf("the test is %s; want %s", text, remain)
	}
}

// fill adds n testers to the first skill.
func (s *site) fill(l *life, n int) {
	s.t.Helper()
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			c := newClient(w, nil, s.relay)
			for serial := w * n / 4; serial < (w+1)*n/4; serial += 500 {
				s.want(c, l, http.StatusNoContent, "POST", testsPath(0)+"/testers/add", crowdBody(serial, serial+500))
			}
		})
	}
	workers.Wait()
}

func crowdBody(from, to int) string {
	var addresses []string
	for serial := from; serial < to; serial++ {
		addresses = append(addresses, fmt.Sprintf("c%06d@crash.test", serial))
	}
	return testersBody(addresses)
}

// want asks and wants a status; it returns the answer's text.
func (s *site) want(c *client, l *life, want int, method, path, body string) string {
	s.t.Helper()
	status, text := c.call(l, method, path, body)
	if status != want {
		s.t.Errorf("%s %s: got %d %s, want %d", method, path, status, text, want)
	}
	return string(text)
}
