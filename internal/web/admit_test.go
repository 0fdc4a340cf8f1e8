package web_test

import (
	"io"
	"net/http"
	"testing"

	"tryout/internal/beta"
)

func TestAnAnswerFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	refused := map[string][2]string{
		"browser":     {"Sec-Fetch-Site", "cross-site"},
		"sister site": {"Sec-Fetch-Site", "same-site"},
		"old browser": {"Origin", "https://evil.example"},
	}
	for name, h := range refused {
		s := newSite(t)
		w := s.ask(http.MethodPost, s.path()+"/accept", header(h[0], h[1]))
		if w.Code != http.StatusForbidden || s.state() != beta.Invited {
			t.Errorf("%s: status %d, tester %s; want 403, INVITED", name, w.Code, s.state())
		}
	}
	for name, h := range refused {
		s := newSite(t)
		w := s.ask(http.MethodPost, s.formPath()+"/send", header(h[0], h[1]), form("rating", "5"))
		if w.Code != http.StatusForbidden || s.testers.written != nil {
			t.Errorf("%s: feedback: status %d, kept %v; want 403 and nothing", name, w.Code, s.testers.written)
		}
	}
	admitted := map[string][2]string{
		"web view of a mail program": {"X-None", ""},
		"browser":                    {"Sec-Fetch-Site", "same-origin"},
		"typed by hand":              {"Sec-Fetch-Site", "none"},
		"old browser":                {"Origin", "https://beta.example.com"},
		"our form over plain HTTP":   {"Origin", "null"}, // what no-referrer makes of it
	}
	for name, h := range admitted {
		s := newSite(t)
		w := s.ask(http.MethodPost, s.path()+"/accept", header(h[0], h[1]))
		if w.Code != http.StatusSeeOther || s.state() != beta.Accepted {
			t.Errorf("%s: status %d, tester %s; want 303, ACCEPTED", name, w.Code, s.state())
		}
		w = s.ask(http.MethodPost, s.formPath()+"/send", header(h[0], h[1]), form("rating", "5"))
		if w.Code != http.StatusSeeOther || len(s.testers.written) != 1 {
			t.Errorf("%s: feedback: status %d, kept %v; want 303 and one", name, w.Code, s.testers.written)
		}
	}
}

func TestASandboxedFrameOfAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodPost, s.path()+"/accept", func(r *http.Request) {
		r.Header.Set("Origin", "null")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	if w.Code != http.StatusForbidden || s.state() != beta.Invited {
		t.Errorf("status %d, tester %s; want 403, INVITED", w.Code, s.state())
	}
}

func TestAProxyMayChangeTheHostOfATrustedOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if err := s.TrustOrigin("https://public.example"); err != nil {
		t.Fatal(err)
	}
	if w := s.ask(http.MethodPost, s.path()+"/accept", header("Origin", "https://public.example")); w.Code != http.StatusSeeOther {
		t.Errorf("status %d, want 303", w.Code)
	}
	if err := s.TrustOrigin("public.example"); err == nil {
		t.Error("an origin without a scheme was taken")
	}
}

// A body that never ends must not keep the answer waiting, or the place that
// the request takes.
func TestTheBodyOfAnAnswerIsNotRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodPost, s.path()+"/accept", func(r *http.Request) {
		r.Body = io.NopCloser(unread{t})
	})
	if w.Code != http.StatusSeeOther || s.state() != beta.Accepted {
		t.Errorf("status %d, tester %s; want 303, ACCEPTED", w.Code, s.state())
	}
}

// Nor that of a form whose link is not one of ours.
func TestTheBodyOfAFormIsNotReadForAStranger(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodPost, s.formPath()+"x/send", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(unread{t})
	})
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", w.Code)
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}
