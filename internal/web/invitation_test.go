package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
)

func TestInvitationSaysWhoInvitesWhomToWhatAndUntilWhen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodGet, s.path())

	if got, want := heading(t, w), "Acme invites you to test Garden Radio"; got != want {
		t.Errorf("heading %q, want %q", got, want)
	}
	page := text(parse(t, w))
	for _, want := range []string{"a•••@example.com", "20 February 2027, 09:30 UTC", "feedback@acme.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if strings.Contains(strings.ToLower(w.Body.String()), "ada@example.com") {
		t.Error("the page shows the whole address to whoever has the link")
	}
}

func TestEachStateOffersWhatCanBeDoneInIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		state   beta.TesterState
		heading string
		forms   []string // last part of the action, text of the button
		asks    bool     // why they said no, in a form of its own
	}{
		{beta.Invited, "Acme invites you to test Garden Radio", []string{"accept Accept", "decline No thanks"}, false},
		{beta.Accepted, "You are in", []string{"decline Leave the test"}, false},
		{beta.Declined, "You said no thanks", []string{"accept Join after all"}, true},
		{beta.Left, "You left the test", []string{"accept Join again"}, true},
	}
	for _, tt := range tests {
		s := newSite(t)
		s.change(func(inv *beta.Invitation) { inv.Tester.State = tt.state })
		w := s.ask(http.MethodGet, s.path())
		if got := heading(t, w); got != tt.heading {
			t.Errorf("%s: heading %q, want %q", tt.state, got, tt.heading)
		}
		var forms []string
		for _, f := range all(parse(t, w), "form") {
			if method := attr(f, "method"); method != "post" {
				t.Errorf("%s: a form uses %q: only a POST may answer", tt.state, method)
			}
			if attr(f, "action") == s.formPath()+"/reason" {
				tt.asks = !tt.asks
				continue
			}
			forms = append(forms, strings.TrimPrefix(attr(f, "action"), s.path()+"/")+" "+text(f))
		}
		if tt.asks {
			t.Errorf("%s: asked for a reason, or not asked, wrongly", tt.state)
		}
		if got, want := strings.Join(forms, ", "), strings.Join(tt.forms, ", "); got != want {
			t.Errorf("%s: forms %q, want %q", tt.state, got, want)
		}
	}
}

func TestAnsweringLeadsBackToTheInvitation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, step := range []struct {
		answer  string
		state   beta.TesterState
		heading string
	}{
		{"decline", beta.Declined, "You said no thanks"},
		{"accept", beta.Accepted, "You are in"},
		{"accept", beta.Accepted, "You are in"}, // twice is no error
		{"decline", beta.Left, "You left the test"},
		{"accept", beta.Accepted, "You are in"},
	} {
		w := s.ask(http.MethodPost, s.path()+"/"+step.answer)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != s.path() {
			t.Fatalf("%s: status %d to %q, want 303 to %q", step.answer, w.Code, w.Header().Get("Location"), s.path())
		}
		if got := s.state(); got != step.state {
			t.Errorf("%s: the tester is %s, want %s", step.answer, got, step.state)
		}
		if got := heading(t, s.ask(http.MethodGet, s.path())); got != step.heading {
			t.Errorf("%s: heading %q, want %q", step.answer, got, step.heading)
		}
	}
}

func TestOnlyAPostAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
		for _, end := range []string{"", "/accept", "/decline"} {
			s.ask(method, s.path()+end)
		}
		for _, end := range []string{"", "/send", "/reason", "/thanks"} {
			s.ask(method, s.formPath()+end+"?rating=5&text=x")
		}
	}
	s.ask(http.MethodPost, s.path())
	s.ask(http.MethodPost, s.formPath(), form("rating", "5"))
	s.ask(http.MethodPost, s.formPath()+"/send?rating=5&text=x")
	if s.testers.answers != 0 || s.state() != beta.Invited {
		t.Errorf("%d answers were given without a POST to one; the tester is %s", s.testers.answers, s.state())
	}
}

func TestATestThatDoesNotRunTakesNoAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range map[beta.Status]string{
		beta.InDraft:  "The test has not started yet",
		beta.Stopping: "This test has ended",
		beta.Ended:    "This test has ended",
	} {
		s := newSite(t)
		s.change(func(inv *beta.Invitation) { inv.Status = status })
		shown := s.ask(http.MethodGet, s.path())
		if got := heading(t, shown); shown.Code != http.StatusOK || got != want {
			t.Errorf("%s: GET is %d %q, want 200 %q", status, shown.Code, got, want)
		}
		if forms := all(parse(t, shown), "form"); len(forms) != 0 {
			t.Errorf("%s: the page still has %d forms", status, len(forms))
		}
		for _, answer := range []string{"/accept", "/decline"} {
			refused := s.ask(http.MethodPost, s.path()+answer)
			if refused.Code != http.StatusConflict || refused.Body.String() != shown.Body.String() {
				t.Errorf("%s: POST %s is %d, want 409 with the page that GET shows:\n%s", status, answer, refused.Code, refused.Body)
			}
		}
	}
}

func TestAnEndedTestSaysWhenItEnded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status beta.Status
		ended  time.Time
		want   string // empty: no date at all
	}{
		"by its owner":                {beta.Ended, time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), "1 December 2026, 08:00 UTC"},
		"by itself":                   {beta.Ended, time.Time{}, "20 February 2027, 09:30 UTC"},
		"it is ending at this moment": {beta.Stopping, time.Time{}, ""},
	}
	for name, tt := range tests {
		s := newSite(t)
		s.change(func(inv *beta.Invitation) { inv.Status, inv.Test.EndedAt = tt.status, tt.ended })
		var got string
		for _, moment := range all(parse(t, s.ask(http.MethodGet, s.path())), "time") {
			got += text(moment)
		}
		if got != tt.want {
			t.Errorf("%s: the page says %q, want %q", name, got, tt.want)
		}
	}
}

func TestThePageOfATestNamesNoTester(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodGet, "/test/"+s.link.Test.String())
	if got, want := heading(t, w), "Acme is testing Garden Radio"; w.Code != http.StatusOK || got != want {
		t.Errorf("status %d, heading %q, want 200 %q", w.Code, got, want)
	}
	body := strings.ToLower(w.Body.String())
	for _, secret := range []string{"ada@", "a•••", s.links.Text(beta.InvitationPlace, s.link), "<form"} {
		if strings.Contains(body, strings.ToLower(secret)) {
			t.Errorf("the page of the test holds %q:\n%s", secret, body)
		}
	}
	if !strings.Contains(body, "mailto:feedback@acme.example") {
		t.Errorf("the page does not say whom to ask:\n%s", body)
	}
}

func TestWithoutAFeedbackAddressThePageSaysWhomToAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Test.FeedbackEmail = "" })
	for _, path := range []string{s.path(), "/test/" + s.link.Test.String()} {
		page := parse(t, s.ask(http.MethodGet, path))
		if !strings.Contains(text(page), "ask the people who told you about it") || strings.Contains(text(page), "Feedback") {
			t.Errorf("%s says:\n%s", path, text(page))
		}
	}
}
