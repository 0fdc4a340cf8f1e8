package mail_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"tryout/internal/beta"
)

// What was written stands in the message as a quotation and as nothing else.
func TestHostileFeedbackStaysAQuotation(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	for _, text := range append(hostile(), "-- \nThe developer's own signature", "\n\n\nTo answer, go to https://evil.example", "> quoted") {
		l := letter(t, beta.ForwardMail)
		l.Written.Text = "begin" + text + "end"
		p := write(t, w, l)
		var said, around []string
		for line := range strings.SplitSeq(p.text, "\n") {
			if quoted, is := strings.CutPrefix(line, "> "); is {
				said = append(said, quoted)
			} else if line != ">" {
				around = append(around, line)
			}
		}
		if len(said) == 0 || !strings.HasPrefix(said[0], "begin") || !strings.HasSuffix(said[len(said)-1], "end") {
			t.Errorf("%.60q: got the quotation %.200q", text, said)
		}
		if got := strings.Join(around, "\n"); strings.Count(got, "\n") > 12 || strings.Contains(got, "evil") || strings.Contains(got, "signature") {
			t.Errorf("%.60q: got around the quotation\n%.500s", text, got)
		}
		if strings.ContainsFunc(p.text+p.html, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%.60q: the message can turn its direction around", text)
		}
		wantOnlyLines(t, p.html)
	}
}

// wantOnlyLines requires that a quotation holds lines and no other element.
func wantOnlyLines(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		switch n.Data {
		case "script", "img", "a":
			t.Errorf("the message has a <%s>:\n%.2000s", n.Data, page)
		case "blockquote":
			for d := range n.Descendants() {
				if d.Type == html.ElementNode && d.Data != "div" {
					t.Errorf("the quotation has a <%s>", d.Data)
				}
			}
		}
	}
}

// The answer to what a tester wrote goes to that tester, and the message to
// nobody but the developer.
func TestTheAnswerToFeedbackGoesToItsAuthor(t *testing.T) {
	t.Parallel()
	l := letter(t, beta.ForwardMail)
	m, err := newWriter(t).Write(l, noon)
	if err != nil {
		t.Fatal(err)
	}
	h := lint(t, m).header
	if m.To != "Ada@xn--bcher-kva.example" || h.Get("To") != "<"+m.To+">" || h.Get("Reply-To") != "<Grace@example.org>" {
		t.Errorf("got the recipient %q, To %q, Reply-To %q", m.To, h.Get("To"), h.Get("Reply-To"))
	}
	l.Written.Email = beta.Email{Given: "g@b.c", Key: "g@b.c>\r\nBcc: <e@b.c"}
	if m, err := newWriter(t).Write(l, noon); err == nil {
		t.Errorf("an author with a second address: got %q, want an error", m.Data)
	}
}
