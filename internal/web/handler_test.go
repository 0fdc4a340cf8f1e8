package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tryout/internal/beta"
)

// unknown returns addresses that lead nowhere, each for a reason of its own.
func (s *site) unknown() map[string]string {
	other := beta.NewLinks([]byte("another key that was never in use"))
	text := s.links.Text(beta.InvitationPlace, s.link)
	return map[string]string{
		"nonsense":          "/i/nonsense",
		"altered":           "/i/" + text[:len(text)-1] + "~",
		"cut short":         "/i/" + text[:len(text)-1],
		"of another key":    "/i/" + other.Text(beta.InvitationPlace, s.link),
		"of one removed":    "/i/" + s.links.Text(beta.InvitationPlace, beta.Link{Test: s.link.Test, Tester: 3, Added: s.link.Added}),
		"with a slash":      "/i/" + text + "/",
		"with more":         "/i/" + text + "/accept/now",
		"no link":           "/i/",
		"form, altered":     "/f/" + text[:len(text)-1] + "~",
		"form of another":   "/f/" + other.Text(beta.InvitationPlace, s.link),
		"form of one gone":  "/f/" + s.links.Text(beta.InvitationPlace, beta.Link{Test: s.link.Test, Tester: 3, Added: s.link.Added}),
		"form, with more":   "/f/" + text + "/send/now",
		"thanks of another": "/f/" + other.Text(beta.InvitationPlace, s.link) + "/thanks",
		"no test":           "/test/zzzzzzzzzzz",
		"not a test id":     "/test/%2e%2e",
		"no file":           "/static/nothing.css",
		"up the tree":       "/static/../handler.go",
		"nobody's business": "/elsewhere",
	}
}

func TestWhateverLeadsNowhereGetsTheSamePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := s.ask(http.MethodGet, "/i/x")
	if got := heading(t, want); want.Code != http.StatusNotFound || got != "This link leads nowhere" {
		t.Fatalf("status %d, heading %q", want.Code, got)
	}
	for name, path := range s.unknown() {
		w := s.ask(http.MethodGet, path)
		if w.Code != http.StatusNotFound || w.Body.String() != want.Body.String() {
			t.Errorf("%s: GET %s is %d:\n%s", name, path, w.Code, w.Body)
		}
		if got, want := fmt.Sprint(w.Header()), fmt.Sprint(want.Header()); got != want {
			t.Errorf("%s: GET %s has headers\n%s, want\n%s", name, path, got, want)
		}
		for _, end := range []string{"/accept", "/send", "/reason"} {
			w = s.ask(http.MethodPost, path+end, form("rating", "5"))
			if w.Code != http.StatusNotFound || w.Body.String() != want.Body.String() {
				t.Errorf("%s: POST %s%s is %d:\n%s", name, path, end, w.Code, w.Body)
			}
		}
	}
}

func TestEveryPageCarriesTheHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := map[string]string{
		"Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "no-referrer",
		"Set-Cookie":                 "",
		"X-Content-Type-Options":     "nosniff",
		"X-Robots-Tag":               "noindex",
	}
	for _, ask := range []string{
		"GET /", "GET " + s.path(), "HEAD " + s.path(), "PUT " + s.path(), "GET " + s.formPath(), "POST " + s.formPath() + "/send", "GET " + s.formPath() + "/thanks", "GET /i/x", "GET /test/" + s.link.Test.String(),
		"GET /elsewhere", "POST " + s.path() + "/accept", "GET " + s.path() + "/accept",
	} {
		method, path, _ := strings.Cut(ask, " ")
		w := s.ask(method, path)
		for name, value := range want {
			if got := w.Header().Get(name); got != value {
				t.Errorf("%s: %s %q, want %q", ask, name, got, value)
			}
		}
	}
}

func TestAnotherVerbIsRefusedWithTheOnesThatAreServed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, allow := range map[string]string{
		"/":                             "GET, HEAD",
		s.path():                        "GET, HEAD",
		s.path() + "/accept":            "POST",
		s.path() + "/decline":           "POST",
		s.formPath():                    "GET, HEAD",
		s.formPath() + "/send":          "POST",
		s.formPath() + "/reason":        "POST",
		s.formPath() + "/thanks":        "GET, HEAD",
		"/test/" + s.link.Test.String(): "GET, HEAD",
		"/static/page.css":              "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "get"} {
			if strings.Contains(allow, method) {
				continue
			}
			w := s.ask(method, path)
			if got := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || got != allow {
				t.Errorf("%s %s is %d with Allow %q, want 405 with %q", method, path, w.Code, got, allow)
			}
		}
	}
}

func TestOwnsIsWhereTheAnswerIsAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string]bool{
		"/": true, "/i": true, "/i/": true, "/i/x": true, "/i/x/accept": true, "/i/x/y/z": true,
		"/f": true, "/f/x": true, "/f/x/send": true, "/fx": false, "/feedback": false, "/test/x": true, "/static/page.css": true, "/static/": true,
		"": false, "//": false, "//i/x": false, "/I/x": false, "/index.html": false, "/invitation": false,
		"/v1/skills": false, "/x/v1": false, "/auth/o2/token": false, "/openapi.yaml": false, "*": false,
	} {
		if got := s.Owns(path); got != want {
			t.Errorf("Owns(%q) is %v, want %v", path, got, want)
		}
	}
	for _, path := range []string{"/", s.path(), s.path() + "/accept", s.formPath(), s.formPath() + "/thanks", "/test/" + s.link.Test.String(), "/static/page.css"} {
		if w := s.ask(http.MethodGet, path); w.Code == http.StatusNotFound || !s.Owns(path) {
			t.Errorf("%s is %d and Owns is %v: what is served must be owned", path, w.Code, s.Owns(path))
		}
	}
}
