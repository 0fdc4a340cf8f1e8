package web_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"tryout/internal/beta"
)

// hostile are names that try to be more than a name.
func hostile() map[string]string {
	return map[string]string{
		"markup":       `<script>alert(1)</script><img src=x onerror=alert(1)>`,
		"attributes":   `" onmouseover="alert(1)" x='`,
		"end of title": `</title></h1></main><h1>You won</h1>`,
		"template":     `{{.Link}}{{template "facts" .}}`,
		"very long":    strings.Repeat("W", 10<<10),
		"many lines":   "one\ntwo\r\n\u2028three\x00\x1b[31m",
		"backwards":    "\u202e\u2066\u2069\u2069txet",
		"bad UTF-8":    "\xff\xfe\xc3",
	}
}

func TestAHostileNameIsOnlyAName(t *testing.T) {
	t.Parallel()
	for trick, name := range hostile() {
		s := newSite(t)
		plain := shape(parse(t, s.ask(http.MethodGet, s.path())))
		s.change(func(inv *beta.Invitation) { inv.Skill.Name, inv.Vendor.Name = name, name })
		for _, path := range []string{s.path(), "/test/" + s.link.Test.String()} {
			w := s.ask(http.MethodGet, path)
			page := parse(t, w)
			if got := shape(page); path == s.path() && got != plain {
				t.Errorf("%s: the page is built as\n%s, want\n%s", trick, got, plain)
			}
			if w.Body.Len() > 8<<10 {
				t.Errorf("%s: the page has %d bytes", trick, w.Body.Len())
			}
			for _, r := range w.Body.String() {
				if unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar && trick != "bad UTF-8" {
					t.Errorf("%s: the page holds %U", trick, r)
				}
			}
		}
	}
}

// shape returns the elements of a page and their attributes, without text.
func shape(page *html.Node) string {
	var b strings.Builder
	for n := range page.Descendants() {
		if n.Type == html.ElementNode {
			b.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key + "=" + a.Val)
			}
			b.WriteString(">")
		}
	}
	return b.String()
}

func TestNamesAreIsolatedFromTheSentence(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Skill.Name, inv.Vendor.Name = "راديو", "שלום" })
	h1 := all(parse(t, s.ask(http.MethodGet, s.path())), "h1")[0]
	var isolated []string
	for _, name := range all(h1, "bdi") {
		isolated = append(isolated, text(name))
	}
	if got, want := strings.Join(isolated, ", "), "שלום, راديو"; got != want {
		t.Errorf("isolated %q, want %q", got, want)
	}
}

func TestASkillWithoutANameIsCalledByItsID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Skill.Name, inv.Vendor.Name = "", "" })
	if got, want := heading(t, s.ask(http.MethodGet, s.path())), "M1 invites you to test amzn1.ask.skill.1"; got != want {
		t.Errorf("heading %q, want %q", got, want)
	}
}

func TestAFeedbackAddressCannotWriteTheMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Test.FeedbackEmail = "a?bcc=b%40evil.example&body=x#y@acme.example" })
	for _, link := range all(parse(t, s.ask(http.MethodGet, s.path())), "a") {
		if href := attr(link, "href"); strings.HasPrefix(href, "mailto:") && strings.ContainsAny(href, "?#") {
			t.Errorf("the link is %q: what follows the ? or # is not the mailbox any more", href)
		}
	}
}
