package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tryout/internal/beta"
)

func (s *site) wishes() string { return "/u/" + s.links.Text(beta.UnsubscribePlace, s.link) }

func (s *site) blocked() beta.Reason {
	s.testers.mu.Lock()
	defer s.testers.mu.Unlock()
	return s.testers.invitations[s.link].Tester.Blocked
}

// What mail programs send for one click (RFC 8058, 3.2): a POST without a
// cookie, an origin or a referrer, to the very address in the header. The answer
// is no redirect, which they would not follow.
func TestOneClickUnsubscribes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodPost, s.wishes(), header("Content-Type", "application/x-www-form-urlencoded"))
	if w.Code != http.StatusOK || s.blocked() != beta.BecauseUnsubscribed || !strings.Contains(w.Body.String(), "Mail me again") {
		t.Errorf("got %d, blocked %q: %s", w.Code, s.blocked(), w.Body)
	}
	if w := s.ask(http.MethodPost, s.wishes()); w.Code != http.StatusOK {
		t.Errorf("once more: got %d, want 200", w.Code)
	}
}

func TestOpeningTheUnsubscribeLinkChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		s.ask(method, s.wishes())
		s.ask(method, s.wishes()+"/again")
	}
	if s.testers.answers != 0 || s.blocked() != "" {
		t.Errorf("got %d changes, blocked %q", s.testers.answers, s.blocked())
	}
}

func TestUnsubscribingCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ask(http.MethodPost, s.wishes())
	if w := s.ask(http.MethodGet, s.wishes()); !strings.Contains(w.Body.String(), s.wishes()+"/again") {
		t.Errorf("the page does not offer to take it back: %s", w.Body)
	}
	w := s.ask(http.MethodPost, s.wishes()+"/again")
	if w.Code != http.StatusOK || s.blocked() != "" {
		t.Errorf("got %d, blocked %q", w.Code, s.blocked())
	}
}

func TestTheUnsubscribePageMasksTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if body := s.ask(http.MethodGet, s.wishes()).Body.String(); strings.Contains(strings.ToLower(body), "ada@example.com") {
		t.Errorf("the page shows the whole address: %s", body)
	}
}

func TestAForeignPageOrAForgedLinkUnsubscribesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, w := range map[string]int{
		"another site's form": s.ask(http.MethodPost, s.wishes(), header("Origin", "https://evil.example"), header("Sec-Fetch-Site", "cross-site")).Code,
		"a forged link":       s.ask(http.MethodPost, s.wishes()+"A").Code,
		"another method":      s.ask(http.MethodPut, s.wishes()).Code,
	} {
		if w < 400 {
			t.Errorf("%s: got %d", name, w)
		}
	}
	if s.testers.answers != 0 {
		t.Errorf("got %d changes", s.testers.answers)
	}
}

// Every mail ends with a link to this page, so it is the way out of the test too.
func TestTheUnsubscribePageLeadsOutOfTheTest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*beta.Invitation)
		want   bool
	}{
		{"invited", func(*beta.Invitation) {}, true},
		{"accepted", func(inv *beta.Invitation) { inv.Tester.State = beta.Accepted }, true},
		{"unsubscribed", func(inv *beta.Invitation) { inv.Tester.Blocked = beta.BecauseUnsubscribed }, true},
		{"left", func(inv *beta.Invitation) { inv.Tester.State = beta.Left }, false},
		{"ended", func(inv *beta.Invitation) { inv.Status = beta.Ended }, false},
		{"removed", func(inv *beta.Invitation) { inv.Tester = beta.Tester{Email: inv.Tester.Email} }, false},
	} {
		s := newSite(t)
		s.change(c.change)
		body := s.ask(http.MethodGet, s.wishes()).Body.String()
		if got := strings.Contains(body, `action="`+s.wishes()+`/leave"`); got != c.want || s.testers.answers != 0 {
			t.Errorf("%s: offers to leave: %v, want %v; %d changes:\n%s", c.name, got, c.want, s.testers.answers, body)
		}
	}
	s := newSite(t)
	if w := s.ask(http.MethodPost, s.wishes()+"/leave"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != s.wishes() || s.state() != beta.Declined || s.blocked() != "" {
		t.Errorf("leaving: got %d to %q, %s, blocked %q", w.Code, w.Header().Get("Location"), s.state(), s.blocked())
	}
	if body := s.ask(http.MethodGet, s.wishes()).Body.String(); !strings.Contains(body, "no longer part of") || strings.Contains(body, `"/i/`) {
		t.Errorf("after leaving: want a page that says so and leads to no invitation, got %s", body)
	}
	s.change(func(inv *beta.Invitation) { inv.Status, inv.Tester.State = beta.Ended, beta.Accepted })
	if w := s.ask(http.MethodPost, s.wishes()+"/leave"); w.Code != http.StatusConflict {
		t.Errorf("leaving what is over: got %d, want 409", w.Code)
	}
}

// The link stands in the header of mails, where more people see it than the mail.
func TestTheUnsubscribeLinkOpensNoInvitation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := strings.TrimPrefix(s.wishes(), "/u/")
	for _, path := range []string{"/i/" + link, "/f/" + link} {
		if w := s.ask(http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", path, w.Code)
		}
	}
	for _, path := range []string{"/i/" + link + "/accept", "/i/" + link + "/decline", "/f/" + link + "/send"} {
		if w := s.ask(http.MethodPost, path); w.Code != http.StatusNotFound || s.testers.answers != 0 {
			t.Errorf("POST %s: got %d and %d changes, want 404 and none", path, w.Code, s.testers.answers)
		}
	}
}
