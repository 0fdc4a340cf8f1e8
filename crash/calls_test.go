package crash_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

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
			return c.press(l, path, deed{verb: accept, skill: skill, addresses: []string{a}})
		}
	}
	return true
}

func (c *client) press(l *life, path string, d deed) (alive bool) {
	status, _ := c.call(l, "POST", path+"/accept", "")
	return c.note(d, status, http.StatusSeeOther)
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
	if c.told != nil && d.outcome == acknowledged && d.verb != list {
		c.told.written(c.begun)
	}
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
	c.begun = time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		c.told.silence(err)
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	if c.told != nil {
		return c.told.status(resp), answer
	}
	return resp.StatusCode, answer
}

func testsPath(skill int) string { return "/v1/skills/" + skills[skill] + "/betaTest" }

func testersBody(addresses []string) string {
	return `{"testers":[{"emailId":"` + strings.Join(addresses, `"},{"emailId":"`) + `"}]}`
}
