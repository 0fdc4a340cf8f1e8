package inbox_test

import (
	"fmt"
	"strings"
	"testing"

	"tryout/internal/inbox"
)

func TestAMessageIsReadAsAMailReaderWould(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ data, subject, text, html string }{
		"plain":         {"Subject: Hi\n\nHello\n", "Hi", "Hello\n", ""},
		"no header":     {"\nHello\n", "", "Hello\n", ""},
		"not a message": {"what is this", "", "what is this\r\n", ""},
		"encoded words": {"Subject: =?utf-8?q?Caf=C3=A9?=\n =?utf-8?q?_Finder?=\n\nx\n", "Café Finder", "x\n", ""},
		"broken word":   {"Subject: =?utf-8?q?=ZZ?=\n\nx\n", "=?utf-8?q?=ZZ?=", "x\n", ""},
		"HTML alone":    {"Content-Type: text/html; charset=utf-8\n\n<p>Hi\n", "", "", "<p>Hi\n"},
		"base64":        {"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\nSGVs\nbG8=\n", "", "Hello", ""},
		"latin 1":       {"Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=iso-8859-1\n\nCaf=E9=\n!\n", "", "Café!\n", ""},
		"invalid UTF-8": {"\na\xffb\n", "", "a\uFFFDb\n", ""},
		"alternative":   {alternative("text/plain", "one", "text/html", "<p>two"), "", "one", "<p>two"},
		"nested":        {"Content-Type: multipart/mixed; boundary=m\n\n--m\n" + alternative("text/plain", "one", "text/html", "<p>two") + "\n--m--\n", "", "one", "<p>two"},
		"first counts":  {alternative("text/plain", "one", "text/plain", "two"), "", "one", ""},
		"no boundary":   {"Content-Type: multipart/mixed\n\n--x\n\nHello\n", "", "", ""},
		"a cut part":    {"Content-Type: multipart/mixed; boundary=m\n\n--m\n\nHello", "", "Hello", ""},
		"nested 8 deep": {nested(8), "", "Hello", ""},
		"nested deeper": {nested(9), "", "", ""},
	} {
		i := open(t)
		send(t, i, row.data)
		m := next(t, i, 0)
		if got := (inbox.Received{Subject: m.Subject, Text: m.Text, HTML: m.HTML}); got.Subject != row.subject || got.Text != row.text || got.HTML != row.html {
			t.Errorf("%s: got %q, %q, %q, want %q, %q, %q", name, m.Subject, m.Text, m.HTML, row.subject, row.text, row.html)
		}
	}
}

// nested is a message with parts in parts.
func nested(depth int) string {
	var b strings.Builder
	for n := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", n, n)
	}
	return b.String() + "\nHello\n"
}

// alternative is a message of two parts.
func alternative(kind1, body1, kind2, body2 string) string {
	return "Content-Type: multipart/alternative; boundary=\"=_b\"\n\n" +
		"--=_b\nContent-Type: " + kind1 + "\n\n" + body1 + "\n" +
		"--=_b\nContent-Type: " + kind2 + "\nContent-Transfer-Encoding: quoted-printable\n\n" + body2 + "\n--=_b--\n"
}
