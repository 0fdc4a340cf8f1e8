package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tryout/internal/mailtest"
)

// history is what the API tells of an address' first mail.
type history struct {
	Mails []struct {
		State    string
		Attempts []struct {
			Code                  int
			EnhancedCode, QueueID string
		}
	}
}

func (p *server) history(address string) (h history) {
	p.t.Helper()
	text := p.must(200, "GET", "/x"+strings.TrimSuffix(tests, "/betaTest")+"/testers/"+url.PathEscape(address), "")
	if err := json.Unmarshal([]byte(text), &h); err != nil || len(h.Mails) != 1 {
		p.t.Fatalf("%s: got %s, %v, want one mail", address, text, err)
	}
	return h
}

// The whole program behind a real relay: one call adds 200 testers, of whom the
// relay refuses one and puts one off. The others get their invitations, signed,
// each under a queue id that the relay's log knows too.
func TestInvitationsGoThroughPostfix(t *testing.T) {
	t.Parallel()
	const testers = 198
	box, watch := mailtest.Inbox(t)
	relay := mailtest.OpenPostfix(t, box.Addr())
	s := newSite(t, relay.Addr.String())
	s.env = []string{"SSL_CERT_FILE=" + relay.CA}
	key := t.TempDir() + "/key.pem"
	var made signing
	text := words(t, []string{"dkim", "create", "--domain", "tryout.test", "--selector", "s1", "--out", key, "--json"})
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	watch.Keys(func(string) ([]string, error) { return []string{made.Text}, nil })
	p := s.serve("--connections", "8", "--dkim-domain", "tryout.test", "--dkim-selector", "s1", "--dkim-key", key)
	p.startTest()
	entries := []string{mailtest.Gone, mailtest.Later}
	for n := range testers {
		entries = append(entries, fmt.Sprintf("t%d@postfix.test", n))
	}
	p.must(204, "POST", tests+"/testers/add", `{"testers":[{"emailId":"`+strings.Join(entries, `"},{"emailId":"`)+`"}]}`)
	next := arrivals(t, box)
	for range testers {
		next()
	}
	settled(p, mailtest.Gone, "FAILED", 550, "5.1.1")
	settled(p, mailtest.Later, "DEFERRED", 450, "4.2.1")
	for _, address := range entries[2:] {
		id := settled(p, address, "SENT", 250, "2.0.0")
		relay.Await(id + ": to=<" + address + ">")
	}
	slices.Sort(entries[2:])
	eachOnce(t, box.Messages(), entries[2:])
	p.stop()
	relay.Await("starttls=1")
}

// settled waits for the outcome of an address' only mail and returns its queue id.
func settled(p *server, address, state string, code int, enhanced string) string {
	p.t.Helper()
	var h history
	until(p.t, address+" "+state, func() bool {
		h = p.history(address)
		return strings.EqualFold(h.Mails[0].State, state)
	})
	a := h.Mails[0].Attempts
	if len(a) != 1 || a[0].Code != code || a[0].EnhancedCode != enhanced || (code == 250) == (a[0].QueueID == "") {
		p.t.Errorf("%s: got %+v, want %d %s", address, h, code, enhanced)
	}
	return a[0].QueueID
}
