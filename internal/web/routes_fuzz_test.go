package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tryout/internal/beta"
)

// nobody is a service that has invited nobody.
type nobody struct{}

func (nobody) Invitation(context.Context, beta.Link) (beta.Invitation, error) {
	return beta.Invitation{}, refusal(beta.NotFound)
}

func (nobody) Accept(context.Context, beta.Link, string) (beta.Invitation, error) {
	return beta.Invitation{}, refusal(beta.NotFound)
}

func (nobody) Decline(context.Context, beta.Link, string) (beta.Invitation, error) {
	return beta.Invitation{}, refusal(beta.NotFound)
}

func (nobody) Write(context.Context, beta.Link, beta.Feedback, string) (beta.Invitation, error) {
	return beta.Invitation{}, refusal(beta.NotFound)
}

func (nobody) TestPage(context.Context, beta.TestID) (beta.Invitation, error) {
	return beta.Invitation{}, refusal(beta.NotFound)
}

func (nobody) Recipient(context.Context, beta.Link) (beta.Invitation, bool, error) {
	return beta.Invitation{}, false, refusal(beta.NotFound)
}

func (nobody) Unsubscribe(context.Context, beta.Link, bool, string) error {
	return refusal(beta.NotFound)
}

func FuzzPagePath(f *testing.F) {
	for _, path := range []string{
		"", "/", "//", "*", "/i", "/i/", "/i/x", "/i/x/", "/i//accept", "/i/accept", "/i/accept/accept", "/i/x/accept", "/i/x/decline/", "/i/x/y/accept",
		"/I/x", "/i/..", "/i/../test/x", "/i/%2e%2e/accept", "/i/a%2Fb", "/i%2Fx", "/%69/x", "/i/x%2Faccept", "/i/{link}", "/i/%7Blink%7D/accept",
		"/i/\xff", "/i/%ff/accept", "/i/%00", "/i/a b", "/i/é", "/i/x?y=/accept", "/i/x#y", "https://x.test/i/x", "//x.test/i/x",
		"/f", "/f/", "/f/x", "/f/x/", "/f/x/send", "/f/send/send", "/f/x/reason", "/f/x/thanks", "/f/x/thanks/", "/f/x/y/send", "/F/x",
		"/test/x", "/test/", "/test/x/", "/test/1", "/static/page.css", "/static/page.css/", "/static/../static/page.css", "/static/", "/static/index.html",
	} {
		f.Add("GET", path)
		f.Add("POST", path)
	}
	h := New(nobody{}, beta.NewLinks([]byte("thirty-two bytes of a secret key")))
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target) // as net/http reads a request line
		if err != nil {
			return
		}
		wantOneEndpoint(t, h, u.Path)
		wantNoRedirect(t, h, &http.Request{Method: method, URL: u, Header: http.Header{}})
	})
}

// wantOneEndpoint checks what is found at path: its name is one segment and
// makes the path again, no other endpoint fits, and the path is owned.
func wantOneEndpoint(t *testing.T, h *Handler, path string) {
	t.Helper()
	fits := 0
	for _, e := range h.endpoints() {
		if _, ok := match(e.path, path); ok {
			fits++
		}
	}
	e, name, found := h.find(path)
	if !found {
		if fits != 0 || e.path != "" || name != "" {
			t.Errorf("%q: got %s and %q, though nothing is found", path, e.path, name)
		}
		return
	}
	before, rest, named := strings.Cut(e.path, "{")
	_, after, _ := strings.Cut(rest, "}")
	if before+name+after != path || named == (name == "") || strings.Contains(name, "/") || fits != 1 || !h.Owns(path) {
		t.Errorf("%q: got %s with %q, one of %d that fit; owned: %v", path, e.path, name, fits, h.Owns(path))
	}
}

// wantNoRedirect checks that a path leads somewhere or nowhere, but not elsewhere.
func wantNoRedirect(t *testing.T, h *Handler, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	switch w.Code {
	case http.StatusOK, http.StatusNotFound, http.StatusMethodNotAllowed:
	default:
		t.Errorf("%s %q: got %d", r.Method, r.URL, w.Code)
	}
	if location := w.Header().Get("Location"); location != "" || w.Header().Get("Cache-Control") == "" {
		t.Errorf("%s %q: got the Location %q, headers %v", r.Method, r.URL, location, w.Header())
	}
}
