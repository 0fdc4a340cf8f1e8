package mail_test

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

var update = flag.Bool("update", false, "write the golden messages anew")

// noon is when the messages of these tests are written.
var noon = time.Date(2026, time.February, 3, 12, 0, 0, 0, time.UTC)

func newWriter(t testing.TB) *mail.Writer {
	t.Helper()
	w, err := mail.NewWriter("Beta Tests <beta@tryout.example>", "tryout.example")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// letter returns one with everything in it.
func letter(t testing.TB, kind beta.MailKind) beta.Letter {
	t.Helper()
	to, err := beta.ParseEmail("Ada@Bücher.example")
	if err != nil {
		t.Fatal(err)
	}
	author, err := beta.ParseEmail("Grace@example.org")
	if err != nil {
		t.Fatal(err)
	}
	l := beta.Letter{
		ID:            beta.MailID{Test: 41, Tester: 7, Seq: 3},
		QueuedAt:      time.Date(2026, time.February, 3, 9, 30, 0, 0, time.UTC),
		Kind:          kind,
		To:            to,
		Skill:         "Café Finder",
		Vendor:        "Müller & Söhne",
		FeedbackEmail: "feedback@müller.example",
		ExpiresAt:     time.Date(2026, time.May, 4, 9, 30, 0, 0, time.FixedZone("", 2*60*60)),
		Link:          "https://tryout.example/t/15.7.AbC-_d9?a=b&c=d",
		Unsubscribe:   "https://tryout.example/u/15.7.AbC-_d9",
	}
	if kind == beta.ForwardMail {
		l.Link, l.Unsubscribe, l.FeedbackEmail, l.ExpiresAt = "", "", "", time.Time{}
		l.Written = beta.Feedback{
			ID: l.ID, Kind: beta.Opinion, Rating: 4, At: l.QueuedAt, Email: author,
			Text: "I like <Café Finder>.\n\nBut:\n\t- it is slow",
		}
	}
	if kind == beta.SignInMail { // all that signin says
		l = beta.Letter{
			ID: beta.MailID{Test: 41, Seq: 1}, QueuedAt: l.QueuedAt, Kind: kind, To: to,
			Code: "1234 5678", Link: "https://tryout.example/sign-in/code?code=12345678",
		}
	}
	return l
}

// parsed is what a reader makes of a message.
type parsed struct {
	header     netmail.Header
	text, html string
}

// parse reads a message with the standard library.
func parse(t testing.TB, data []byte) parsed {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("read %q: %v", data, err)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type: %v", err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	p := parsed{header: msg.Header, text: nextPart(t, parts, "text/plain"), html: nextPart(t, parts, "text/html")}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("after two parts: %v, want EOF", err)
	}
	return p
}

func nextPart(t testing.TB, parts *multipart.Reader, kind string) string {
	t.Helper()
	part, err := parts.NextRawPart()
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	if got := part.Header.Get("Content-Type"); got != kind+"; charset=utf-8" {
		t.Errorf("Content-Type of a part: got %q, want %s", got, kind)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

// subject returns the decoded subject.
func subject(t testing.TB, h netmail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatalf("Subject %q: %v", h.Get("Subject"), err)
	}
	return s
}

// kindOf is the kind that a golden message begins as, where its letter has
// something of its own.
var kindOf = map[string]beta.MailKind{"forward": beta.ForwardMail, "forward_declined": beta.ForwardMail, "signin": beta.SignInMail}

func TestEachKindReadsAsItsGoldenMessage(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*beta.Letter){
		"invitation":        func(l *beta.Letter) { l.Kind = beta.InvitationMail },
		"reminder":          func(l *beta.Letter) { l.Kind = beta.ReminderMail },
		"reminder_accepted": func(l *beta.Letter) { l.Kind, l.Accepted = beta.ReminderMail, true },
		"feedback":          func(l *beta.Letter) { l.Kind, l.Accepted = beta.FeedbackMail, true },
		"removed":           func(l *beta.Letter) { l.Kind = beta.RemovedMail },
		"ended":             func(l *beta.Letter) { l.Kind = beta.EndedMail },
		"forward":           func(*beta.Letter) {},
		"signin":            func(*beta.Letter) {},
		"forward_declined": func(l *beta.Letter) {
			l.Written.Kind, l.Written.Rating, l.Written.Text = beta.DeclineReason, 0, "No time."
		},
		"invitation_bare": func(l *beta.Letter) {
			*l = beta.Letter{ID: l.ID, QueuedAt: l.QueuedAt, Kind: beta.InvitationMail, To: l.To, Link: l.Link}
		},
	} {
		for folder, language := range map[string]beta.Language{"": "", "de": "de-AT"} {
			t.Run(filepath.Join(folder, name), func(t *testing.T) {
				t.Parallel()
				l := letter(t, kindOf[name])
				change(&l)
				l.Language = language
				m, err := newWriter(t).Write(l, noon)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join(folder, name), m.Data)
				lint(t, m)
			})
		}
	}
}

// golden compares a message with the one kept.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".eml")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// lint holds a message against what is true of every message.
func lint(t testing.TB, m mail.Message) parsed {
	t.Helper()
	if bytes.ContainsAny(bytes.ReplaceAll(m.Data, []byte("\r\n"), nil), "\r\n\x00") || !bytes.HasSuffix(m.Data, []byte("\r\n")) {
		t.Errorf("a CR or LF that is not a pair, or a NUL: %q", m.Data)
	}
	for line := range bytes.SplitSeq(m.Data, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	p := parse(t, m.Data)
	want := []string{"Date", "From", "To", "Subject", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type"}
	if p.header.Get("Reply-To") != "" {
		want = append(want, "Reply-To")
	}
	if p.header.Get("List-Unsubscribe") != "" {
		want = append(want, "List-Unsubscribe", "List-Unsubscribe-Post")
	}
	for _, name := range want {
		if len(p.header[name]) != 1 {
			t.Errorf("%s: got %q, want exactly one", name, p.header[name])
		}
	}
	if len(p.header) != len(want) {
		t.Errorf("header: got %v, want only %v", p.header, want)
	}
	second(t, m, p)
	return p
}

// second reads the message once more with another parser, and compares.
func second(t testing.TB, m mail.Message, p parsed) {
	t.Helper()
	msg, err := gomail.EMLToMsgFromReader(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatalf("the second parser: %v", err)
	}
	if to := msg.GetToString(); len(to) != 1 || to[0] != "<"+m.To+">" {
		t.Errorf("To: got %q, want only %q", to, m.To)
	}
	if id := msg.GetMessageID(); id != "<"+m.ID+">" {
		t.Errorf("Message-ID: got %q, want <%s>", id, m.ID)
	}
	parts := msg.GetParts()
	if len(parts) != 2 {
		t.Fatalf("parts: got %d, want 2", len(parts))
	}
	for n, want := range []string{p.text, p.html} {
		got, err := parts[n].GetContent()
		if s := strings.ReplaceAll(string(got), "\r\n", "\n"); err != nil || s != want {
			t.Errorf("part %d: got %q, %v, want %q", n, s, err, want)
		}
	}
}
