package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// parse reads a page; it fails the test if the answer is none.
func parse(t *testing.T, w *httptest.ResponseRecorder) *html.Node {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Fatalf("Content-Type %q, want a page; status %d", got, w.Code)
	}
	page, err := html.Parse(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// all returns the elements of the page with one of the given names.
func all(page *html.Node, names ...string) []*html.Node {
	var found []*html.Node
	for n := range page.Descendants() {
		for _, name := range names {
			if n.Type == html.ElementNode && n.Data == name {
				found = append(found, n)
			}
		}
	}
	return found
}

// text returns what a reader reads in n, spaces folded.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// attr returns the value of an attribute of n; empty when there is none.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// heading returns the text of the page's only h1.
func heading(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	h1 := all(parse(t, w), "h1")
	if len(h1) != 1 {
		t.Fatalf("%d h1 in the page, want 1:\n%s", len(h1), w.Body)
	}
	return text(h1[0])
}
