package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// through sends one request through the HTTP edge and returns its log line too.
func (s *site) through(method, path string) (w *httptest.ResponseRecorder, line string) {
	var log bytes.Buffer
	edge := httpd.New(s, httpd.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	w = httptest.NewRecorder()
	edge.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), method, path, nil))
	return w, log.String()
}

func TestTheLogNamesTheRouteAndNeverTheLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, route := range map[string]string{
		"GET /":                          "GET /",
		"GET " + s.path():                "GET /i/{link}",
		"HEAD " + s.path():               "GET /i/{link}",
		"POST " + s.path() + "/accept":   "POST /i/{link}/accept",
		"POST " + s.path() + "/decline":  "POST /i/{link}/decline",
		"GET " + s.formPath():            "GET /f/{link}",
		"POST " + s.formPath() + "/send": "POST /f/{link}/send",
		"GET /test/x":                    "GET /test/{id}",
		"GET /static/page.css":           "GET /static/{file}",
		"GET /i/x/y/z":                   "",
	} {
		method, address, _ := strings.Cut(path, " ")
		_, line := s.through(method, address)
		if !strings.Contains(line, `route="`+route+`"`) || strings.Contains(line, s.links.Text(beta.InvitationPlace, s.link)) {
			t.Errorf("%s is logged as %s, want route %q and no link", path, line, route)
		}
	}
}

func TestThePageOfAFaultNamesTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.testers.err = errors.New("broken")
	w, line := s.through(http.MethodGet, s.path())
	id := w.Header().Get("x-amzn-requestid")
	if id == "" || !strings.Contains(w.Body.String(), id) || !strings.Contains(line, id) {
		t.Errorf("request id %q is not on the page or not in the log line %s\n%s", id, line, w.Body)
	}
}
