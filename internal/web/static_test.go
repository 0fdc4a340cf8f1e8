package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestPagesLoadOnlyTheirOwnFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := parse(t, s.ask(http.MethodGet, s.path()))
	if found := all(page, "script", "style", "iframe", "object", "base"); len(found) != 0 {
		t.Errorf("the page holds <%s>", found[0].Data)
	}
	var loaded int
	for _, n := range all(page, "link", "img") {
		address := attr(n, "href") + attr(n, "src")
		w := s.ask(http.MethodGet, address)
		if w.Code != http.StatusOK || !strings.HasPrefix(address, "/static/") {
			t.Errorf("%s is %d, want 200 and a file of ours", address, w.Code)
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q, want it kept for good", address, got)
		}
		loaded++
	}
	if loaded < 2 {
		t.Errorf("%d files loaded, want a stylesheet and a picture at least", loaded)
	}
}

func TestAFileOfAnotherVersionIsNotKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, query := range []string{"", "?v=", "?v=0123456789abcdef"} {
		w := s.ask(http.MethodGet, "/static/page.css"+query)
		if got := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || got != "no-cache" {
			t.Errorf("%q: status %d, Cache-Control %q, want 200, no-cache", query, w.Code, got)
		}
		again := s.ask(http.MethodGet, "/static/page.css"+query, header("If-None-Match", w.Header().Get("ETag")))
		if again.Code != http.StatusNotModified {
			t.Errorf("%q: asked again with the ETag is %d, want 304", query, again.Code)
		}
	}
}

func TestFilesHaveTheirType(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string]string{"/static/page.css": "text/css; charset=utf-8", "/static/mark.svg": "image/svg+xml"} {
		if got := s.ask(http.MethodGet, path).Header().Get("Content-Type"); got != want {
			t.Errorf("%s: Content-Type %q, want %q", path, got, want)
		}
	}
}
