package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/web"
)

// site is the pages over one invitation, addressed to ada@example.com.
type site struct {
	*web.Handler
	t       *testing.T
	testers *testers
	links   beta.Links
	link    beta.Link
	errors  []error
}

func newSite(t *testing.T) *site {
	t.Helper()
	links := beta.NewLinks([]byte("thirty-two bytes of a secret key"))
	link := beta.Link{Test: beta.NewTestID(time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)), Tester: 17, Added: 1795339800000}
	s := &site{t: t, links: links, link: link, testers: &testers{
		invitations: map[beta.Link]beta.Invitation{link: anInvitation(t, link)},
	}}
	s.Handler = web.New(s.testers, links)
	s.Errors = func(_ *http.Request, err error) { s.errors = append(s.errors, err) }
	return s
}

func anInvitation(t *testing.T, l beta.Link) beta.Invitation {
	t.Helper()
	email, err := beta.ParseEmail("Ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return beta.Invitation{
		Status: beta.Running, TakesFeedback: true,
		Test: beta.Test{
			ID:            l.Test,
			FeedbackEmail: "feedback@acme.example",
			ExpiresAt:     time.Date(2027, 2, 20, 9, 30, 0, 0, time.UTC),
		},
		Tester: beta.Tester{Test: l.Test, Number: l.Tester, Email: email, State: beta.Invited},
		Skill:  beta.Skill{ID: "amzn1.ask.skill.1", Name: "Garden Radio"},
		Vendor: beta.Vendor{ID: "M1", Name: "Acme"},
	}
}

// change lets f change the invitation.
func (s *site) change(f func(*beta.Invitation)) {
	s.testers.mu.Lock()
	defer s.testers.mu.Unlock()
	inv := s.testers.invitations[s.link]
	f(&inv)
	s.testers.invitations[s.link] = inv
}

func (s *site) state() beta.TesterState {
	s.testers.mu.Lock()
	defer s.testers.mu.Unlock()
	return s.testers.invitations[s.link].Tester.State
}

// path returns the address of the invitation.
func (s *site) path() string { return "/i/" + s.links.Text(beta.InvitationPlace, s.link) }

// formPath returns the address of the tester's feedback form.
func (s *site) formPath() string { return "/f/" + s.links.Text(beta.FeedbackPlace, s.link) }

// ask sends one request; each edit may change it first.
func (s *site) ask(method, path string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "https://beta.example.com"+path, nil)
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// header returns an edit that sets a header.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
