package mail_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// hostile are names that try to be more than a name.
func hostile() []string {
	return []string{
		"A\r\nBcc: eve@example.org\r\n\r\nbody", "A\nX-Evil: 1", "A\rX-Evil: 1", "A\u0085B", "A\u2028B\u2029C",
		"=?utf-8?q?Bcc=3A?= x", "=?utf-8?b?AAAA", "?= =?", "\x00\x1b[31m", "\xff\xfe", "\u202eevil\u2066",
		"<script>alert(1)</script>", `"><a href="https://evil.example">click</a>`, "</p></div></body>", "{{.Link}}", "&amp;",
		strings.Repeat("x", 10<<10), strings.Repeat("é ", 5<<10), strings.Repeat("👩‍🚀", 2<<10), strings.Repeat(" ", 300), "--=_15.7.3--", ".", "\n.\n",
		`"quoted\" <eve@example.org>`, "a, b <eve@example.org>", "=_", "Ünï",
	}
}

func TestHostileNamesStayNames(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	for _, l := range letters(t) {
		plain := structure(t, write(t, w, l))
		for _, name := range hostile() {
			l.Skill, l.Vendor = name, name
			p := write(t, w, l)
			if got := structure(t, p); got != plain {
				t.Errorf("%s in %s with %.60q: the markup is %s, want %s", l.Kind, l.Language, name, got, plain)
			}
		}
	}
}

func TestASubjectShowsANameOnOneShortLine(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Weather":                 "Weather",
		"A\r\n\tB":                "A B",
		"A\x1b[31m\x00B":          "A [31m B",
		"A\u0085\u2028B\u2029C":   "A B C",
		"A\u202eB\u2066":          "A B",
		"A\xffB":                  "A\uFFFDB",
		"=?utf-8?q?Bcc=3A?=":      "=?utf-8?q?Bcc=3A?=",
		"Ünï_=?":                  "Ünï_=?",
		"👩‍🚀":                     "👩‍🚀",
		strings.Repeat("x", 60):   strings.Repeat("x", 60),
		strings.Repeat("x", 61):   strings.Repeat("x", 59) + "…",
		strings.Repeat("é", 1000): strings.Repeat("é", 59) + "…",
	} {
		l := letter(t, beta.InvitationMail)
		l.Skill = name
		m, err := newWriter(t).Write(l, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := subject(t, lint(t, m).header); got != "You are invited to test "+want {
			t.Errorf("%q: the subject is %q, want %q in it", name, got, want)
		}
		head, _, _ := strings.Cut(string(m.Data), "\r\n\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			if len(line) > 78 {
				t.Errorf("%q: a header line of %d octets: %s", name, len(line), line)
			}
		}
	}
}

func FuzzNamesStayNames(f *testing.F) {
	for _, name := range hostile() {
		f.Add(name, "Vendor", "feedback@example.org", "https://tryout.example/t/1")
	}
	w := newWriter(f)
	f.Fuzz(func(t *testing.T, skill, vendor, feedback, link string) {
		for _, l := range letters(t) {
			l.Skill, l.Vendor, l.FeedbackEmail, l.Link = skill, vendor, feedback, link
			m, err := w.Write(l, noon)
			if err != nil {
				continue // the link
			}
			lint(t, m)
		}
	})
}

func kinds() []beta.MailKind {
	return []beta.MailKind{beta.InvitationMail, beta.ReminderMail, beta.FeedbackMail, beta.RemovedMail, beta.EndedMail, beta.ForwardMail, beta.SignInMail}
}

// letters are one of each kind in each language.
func letters(t testing.TB) (list []beta.Letter) {
	for _, language := range []beta.Language{"en", "de"} {
		for _, kind := range kinds() {
			l := letter(t, kind)
			l.Language = language
			list = append(list, l)
		}
	}
	return list
}

// write renders a letter and lints it.
func write(t testing.TB, w *mail.Writer, l beta.Letter) parsed {
	t.Helper()
	m, err := w.Write(l, noon)
	if err != nil {
		t.Fatal(err)
	}
	p := lint(t, m)
	if s := subject(t, p.header); utf8.RuneCountInString(s) > 110 || strings.ContainsAny(s, "\r\n\u2028") {
		t.Errorf("subject: got %q, want one short line", s)
	}
	return p
}

// structure is a message's markup without its text.
func structure(t testing.TB, p parsed) string {
	t.Helper()
	var tags []string
	z := html.NewTokenizer(strings.NewReader(p.html))
	for z.Next() != html.ErrorToken {
		if tok := z.Token(); tok.Type == html.StartTagToken || tok.Type == html.EndTagToken {
			tags = append(tags, tok.Type.String()+tok.Data)
		}
	}
	return strings.Join(tags, " ")
}

func TestTheLinkStandsOnceOnALineOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, kind := range []beta.MailKind{beta.InvitationMail, beta.ReminderMail, beta.FeedbackMail} {
		l := letter(t, kind)
		l.Link += "&" + strings.Repeat("x", 900)
		p := write(t, newWriter(t), l)
		if n := strings.Count(p.text, "\n"+l.Link+"\n"); n != 1 || strings.Count(p.text, "https://") != 2 {
			t.Errorf("%s: the link stands %d times on a line of its own, want 1, and the way out beside it:\n%s", kind, n, p.text)
		}
		if !strings.Contains(p.html, `href="`+html.EscapeString(l.Link)+`"`) {
			t.Errorf("%s: the HTML has no such link:\n%s", kind, p.html)
		}
	}
}

func TestALetterThatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*beta.Letter){
		"unknown kind":     func(l *beta.Letter) { l.Kind = "SURVEY" },
		"no recipient":     func(l *beta.Letter) { l.To = beta.Email{} },
		"two recipients":   func(l *beta.Letter) { l.To = beta.Email{Given: "a@b.c", Key: "a@b.c,d@e.f"} },
		"CRLF in address":  func(l *beta.Letter) { l.To = beta.Email{Given: "a\r\nBcc: e@b.c", Key: "a@b.c\r\nBcc: e@b.c"} },
		"no link":          func(l *beta.Letter) { l.Link = "" },
		"relative link":    func(l *beta.Letter) { l.Link = "/t/1" },
		"script as a link": func(l *beta.Letter) { l.Link = "javascript:alert(1)" },
		"link with CRLF":   func(l *beta.Letter) { l.Link = "https://a.example/\r\nx" },
		"link with space":  func(l *beta.Letter) { l.Link = "https://a.example/a b" },
	} {
		l := letter(t, beta.InvitationMail)
		change(&l)
		if m, err := newWriter(t).Write(l, noon); err == nil {
			t.Errorf("%s: got %q, want an error", name, m.Data)
		}
	}
}

func TestTheSenderMustBeOneMailbox(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "nobody", "a@b.c, d@e.f", "a@b.c\r\nBcc: e@f.g", `"a b"@c.d`, "ä@b.c", "a@[127.0.0.1]"} {
		if _, err := mail.NewWriter(from, "host.example"); err == nil {
			t.Errorf("NewWriter(%q): got no error", from)
		}
	}
	for _, host := range []string{"", "a b", "a>b", "a@b", "ä.example"} {
		if _, err := mail.NewWriter("a@b.c", host); err == nil {
			t.Errorf("NewWriter with host %q: got no error", host)
		}
	}
}

func TestTheMessageIDFollowsFromTheMailAlone(t *testing.T) {
	t.Parallel()
	w, l := newWriter(t), letter(t, beta.InvitationMail)
	first, _ := w.Write(l, noon)
	l.Skill = "Another name"
	second, err := w.Write(l, noon.Add(time.Hour))
	if err != nil || first.ID != second.ID || first.ID != l.ID.String()+".ml6edww0@tryout.example" {
		t.Errorf("got %q and %q, %v", first.ID, second.ID, err)
	}
}

// A mail to a tester says in both its parts and in its header how to get out; a
// mail to the developer, or to who signs in, does not.
func TestEveryMailToATesterEndsWithTheWayOut(t *testing.T) {
	t.Parallel()
	says := map[beta.Language][2]string{
		"en": {"Leave the test or unsubscribe", "Unsubscribe"}, "de": {"Test verlassen oder E-Mails abbestellen", "E-Mails abbestellen"},
	}
	for _, l := range letters(t) {
		p, phrase := write(t, newWriter(t), l), says[l.Language][0]
		if l.Kind == beta.RemovedMail || l.Kind == beta.EndedMail {
			phrase = says[l.Language][1] // there is nothing to leave
		}
		const out = "https://tryout.example/u/15.7.AbC-_d9"
		got := []bool{
			strings.HasSuffix(p.text, "\n\n"+phrase+":\n"+out+"\n"), strings.Contains(p.html, `<a href="`+out+`">`+phrase+`</a>`),
			p.header.Get("List-Unsubscribe") == "<"+out+">",
		}
		if want := l.Kind.ToTester(); got[0] != want || got[1] != want || got[2] != want {
			t.Errorf("%s in %q: in text, HTML and header %v, want %v:\n%s\n%s", l.Kind, l.Language, got, want, p.text, p.html)
		}
	}
}
