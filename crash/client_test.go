package crash_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The skills of a site: the tests of the first two run, so that whoever is added
// is invited; those of the others are drafts.
var skills = []string{"running-0", "running-1", "draft-0", "draft-1"}

const (
	running   = 2
	testerCap = 1_000_000
)

// client makes one call after the other until the server is dead, and keeps a
// journal. It writes to addresses that nobody else writes to.
type client struct {
	number  int
	rng     *rand.Rand
	relay   *relay
	http    http.Client
	journal journal
	past    past       // what the journal amounts to
	named   [][]string // by skill: every address it ever added
	next    []string   // by skill: the token of the page it will list next
	serial  int
}

func newClient(number int, rng *rand.Rand, r *relay) *client {
	c := &client{
		number: number, rng: rng, relay: r, past: newPast(),
		named: make([][]string, len(skills)), next: make([]string, len(skills)),
	}
	c.http.Timeout = patience
	c.http.Transport = &http.Transport{}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// run returns once a call was not answered.
func (c *client) run(l *life) {
	for c.act(l) {
	}
	c.http.CloseIdleConnections()
}

// resume goes on from a journal in which everything is settled.
func (c *client) resume(j journal) { c.journal, c.past = j, pastOf(j) }

func (c *client) act(l *life) (alive bool) {
	skill := c.skill()
	switch c.rng.IntN(10) {
	case 0, 1, 2:
		return c.change(l, deed{verb: add, skill: skill, addresses: c.newcomers(skill)})
	case 3, 4:
		return c.change(l, deed{verb: remove, skill: skill, addresses: c.some(skill, c.size())})
	case 5, 6, 7:
		return c.accept(l, c.rng.IntN(running))
	}
	return c.list(l, skill)
}

// skill prefers the drafts: every tester of a running test takes a mail, and
// there is nothing to accept until it came.
func (c *client) skill() int {
	if c.rng.IntN(4) == 0 {
		return c.rng.IntN(running)
	}
	return running + c.rng.IntN(len(skills)-running)
}

// size is 1 to 500: most batches are small, every sixth is of any size.
func (c *client) size() int {
	if c.rng.IntN(6) == 0 {
		return 1 + c.rng.IntN(500)
	}
	return int(math.Pow(50, c.rng.Float64()))
}

// newcomers are new addresses, and now and then some old ones: removed since, or
// there already.
func (c *client) newcomers(skill int) []string {
	var list []string
	if c.rng.IntN(3) == 0 {
		list = c.some(skill, 1+c.rng.IntN(10))
	}
	for range c.size() - len(list) {
		c.serial++
		address := fmt.Sprintf("c%d-%06d@crash.test", c.number, c.serial)
		c.named[skill] = append(c.named[skill], address)
		list = append(list, address)
	}
	return list
}

// some are addresses that the client added once; they may be there or not.
func (c *client) some(skill, n int) []string {
	all := c.named[skill]
	if len(all) == 0 {
		return nil
	}
	from := c.rng.IntN(len(all))
	return append([]string{}, all[from:min(from+n, len(all))]...)
}

// change adds or removes.
func (c *client) change(l *life, d deed) (alive bool) {
	if len(d.addresses) == 0 {
		return true
	}
	status, _ := c.call(l, "POST", testsPath(d.skill)+"/testers/"+string(d.verb), testersBody(d.addresses))
	return c.note(d, status, http.StatusNoContent)
}

// accept presses the button on the page of somebody who was mailed and came into
// the test only once: an older link would be dead.
func (c *client) accept(l *life, skill int) (alive bool) {
	all := c.named[skill]
	from := c.rng.IntN(len(all) + 1)
	for _, a := range slices.Concat(all[from:], all[:from]) {
		p := place{skill, a}
		if c.past.world[p] != invited || c.past.times[p] != 1 {
			continue
		}
		if path, came := c.relay.link(p); came {
			status, _ := c.call(l, "POST", path+"/accept", "")
			return c.note(deed{verb: accept, skill: skill, addresses: []string{a}}, status, http.StatusSeeOther)
		}
	}
	return true
}

// list reads the next page: the walk goes on over kills.
func (c *client) list(l *life, skill int) (alive bool) {
	path := fmt.Sprintf("%s/testers?maxResults=%d", testsPath(skill), 1+c.rng.IntN(500))
	if c.next[skill] != "" {
		path += "&nextToken=" + url.QueryEscape(c.next[skill])
	}
	status, body := c.call(l, "GET", path, "")
	d := deed{verb: list, skill: skill, seen: map[string]standing{}}
	var p page
	if status == http.StatusOK && json.Unmarshal(body, &p) != nil {
		status = http.StatusTeapot // an answer that nobody can read
	}
	for _, t := range p.Testers {
		if strings.HasPrefix(t.EmailID, fmt.Sprintf("c%d-", c.number)) {
			d.seen[t.EmailID] = t.InvitationStatus
		}
	}
	if status == http.StatusOK {
		c.next[skill] = p.NextToken
	}
	return c.note(d, status, http.StatusOK)
}

// page is one page of a list.
type page struct {
	Testers []struct {
		EmailID          string
		InvitationStatus standing
	}
	NextToken string
}

// note journals a deed. An answer of 500 and above says as little about its
// outcome as none.
func (c *client) note(d deed, status, success int) (alive bool) {
	d.status = status
	switch {
	case status == success:
		d.outcome = acknowledged
	case status == 0 || status >= 500:
		d.outcome = unknown
	default:
		d.outcome = refused
	}
	c.journal = append(c.journal, d)
	c.past.do(d)
	return d.outcome != unknown
}

// call returns status 0 when there is no whole answer.
func (c *client) call(l *life, method, path, body string) (status int, answer []byte) {
	req, err := http.NewRequest(method, l.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	if strings.HasPrefix(path, "/v1/") {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

func testsPath(skill int) string { return "/v1/skills/" + skills[skill] + "/betaTest" }

func testersBody(addresses []string) string {
	return `{"testers":[{"emailId":"` + strings.Join(addresses, `"},{"emailId":"`) + `"}]}`
}
