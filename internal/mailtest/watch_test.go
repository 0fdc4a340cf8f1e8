package mailtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

const ada, ben = "Ada@xn--bcher-kva.example", "ben@example.org"

// golden is a message as Tryout writes it, for ada.
func golden(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "mail", "testdata", "invitation.eml"))
	if err != nil {
		t.Fatal(err)
	}
	const link = "/i/41-7-AbCdEfGhIjKlMnOpQrSt"
	return strings.ReplaceAll(string(data), "/t/15.7.AbC-_d9", link)
}

// forBen is the same for ben, with the link of another tester.
func forBen(data string) string {
	return strings.NewReplacer("<"+ada+">", "<"+ben+">", "Ada@B=C3=BCcher.example", ben, "41-7-", "41-8-").Replace(data)
}

// change replaces something that is there.
func change(t *testing.T, data, old, new string) string {
	t.Helper()
	if !strings.Contains(data, old) {
		t.Fatalf("no %q to change in\n%s", old, data)
	}
	return strings.Replace(data, old, new, 1)
}

// bites requires that the next message is found faulty, with words said of it.
func bites(t *testing.T, w *mailtest.Watch, to []string, data, words string) {
	t.Helper()
	if err := w.Check(to, []byte(data)); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %q in it", err, words)
	}
}

func good(t *testing.T, w *mailtest.Watch, to, data string) {
	t.Helper()
	if err := w.Check([]string{to}, []byte(data)); err != nil {
		t.Errorf("a good message: %v", err)
	}
}

func TestAMessageWithAFaultIsFound(t *testing.T) {
	t.Parallel()
	data := golden(t)
	good(t, &mailtest.Watch{}, ada, data)
	for words, damaged := range map[string]string{
		"To: got":                     change(t, data, "To: <"+ada+">", "To: <"+ada+">, <"+ben+">"),
		"want exactly one":            change(t, data, "Subject:", "To: <"+ada+">\r\nSubject:"),
		"a field that is not ours":    change(t, data, "Subject:", "Bcc: <"+ben+">\r\nSubject:"),
		"not a pair":                  change(t, data, "Hello,\r\n", "Hello,\n"),
		"a line of 999 octets":        change(t, data, "Hello,", strings.Repeat("x", 999)),
		"or not in ASCII":             change(t, data, "Hello,", "Grüezi,"),
		"From: got":                   change(t, data, "From: \"Beta Tests\" <", "From: <eve@b.example>, <"),
		"Date: ":                      change(t, data, "Tue, 03 Feb", "Tue, 33 Feb"),
		"Message-Id: got []":          change(t, data, "Message-ID: <15.7.3.ml6edww0@tryout.example>\r\n", ""),
		"text/plain: 0 octets":        change(t, data, data[strings.Index(data, "Hello,"):strings.Index(data, "\r\n--=_15.7.3.ml6edww0\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html")], ""),
		"after two parts":             change(t, data, "--=_15.7.3.ml6edww0--", "--=_15.7.3.ml6edww0\r\nContent-Type: text/plain\r\n\r\nx\r\n--=_15.7.3.ml6edww0--"),
		"a part of the type":          change(t, data, "text/html; charset=utf-8", "text/html"),
		"multipart/mixed":             change(t, data, "multipart/alternative", "multipart/mixed"),
		"where its key is":            "DKIM-Signature: v=1; d=a.example; h=From:To:Subject:Date:Message-ID:\r\n List-Unsubscribe:List-Unsubscribe-Post; b=x\r\n" + data,
		"not list-unsubscribe-post":   "DKIM-Signature: v=1; d=a.example; h=From:To:Subject:Date:Message-ID:List-Unsubscribe; b=x\r\n" + data,
		"want at most one":            change(t, data, "Reply-To:", "Reply-To: <x@y.example>\r\nReply-To:"),
		"in the encoding \"7bit\"":    change(t, data, "Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 7bit"),
		"Subject is read as more":     change(t, data, "Subject: =?utf-8?q?You", "Subject: =?utf-8?q?=0D=0AYou"),
		"From is read as more":        change(t, data, `"Beta Tests"`, "=?utf-8?q?Beta=E2=80=A8Tests?="),
		"or a NUL":                    change(t, data, "Hello,", "Hello\x00"),
		"the message to " + ada + ":": data[:len(data)/2],
	} {
		bites(t, &mailtest.Watch{}, []string{ada}, damaged, words)
	}
	bites(t, &mailtest.Watch{}, []string{ada, ben}, data, "2 recipients")
	bites(t, &mailtest.Watch{}, nil, data, "0 recipients")
}

func TestASignatureMustVerify(t *testing.T) {
	t.Parallel()
	key, err := mail.NewKey(true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := mail.NewDKIM("tryout.example", "s1", key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := d.Sign([]byte(golden(t)))
	if err != nil {
		t.Fatal(err)
	}
	_, text := d.Record()
	w := &mailtest.Watch{}
	w.Keys(func(string) ([]string, error) { return []string{text}, nil })
	good(t, w, ada, string(signed))
	bites(t, w, []string{ada}, change(t, string(signed), "Hello,", "Hullo,"), "body hash did not verify")
}

// Both orders: somebody may be named before a message comes for them.
func TestAnotherTestersAddressOrLinkIsFound(t *testing.T) {
	t.Parallel()
	data := golden(t)
	for _, shown := range []string{ben, "BEN@Example.ORG", "ben%40example.org", "mailto:ben@example.org?x", "=\r\nben@exam=\r\nple.org", "ben=40example.org"} {
		named := change(t, data, "Hello,", "Hello, "+shown)
		w := &mailtest.Watch{}
		good(t, w, ben, forBen(data))
		bites(t, w, []string{ada}, named, "the address of another recipient, ben@example.org")
		w = &mailtest.Watch{}
		good(t, w, ada, named)
		bites(t, w, []string{ben}, forBen(data), "ben@example.org, a recipient, stood before in the message to ada@")
	}
	w := &mailtest.Watch{}
	good(t, w, ben, forBen(data))
	bites(t, w, []string{ada}, change(t, data, "Subject: =?utf-8?q?You", "Subject: =?utf-8?q?ben=40example.org_You"), "another recipient")
	w = &mailtest.Watch{}
	good(t, w, ada, data)
	bites(t, w, []string{ben}, strings.ReplaceAll(forBen(data), "41-8-", "41-7-"), "it has the link of ada@")
}

func TestAGlanceFindsWhatItCan(t *testing.T) {
	t.Parallel()
	data := golden(t)
	w := &mailtest.Watch{Every: 1000}
	good(t, w, ada, data)
	for range 10 {
		good(t, w, ben, forBen(data))
	}
	bites(t, w, []string{ada}, change(t, data, "Hello,", "Hello, ben@exam=\r\nple.org"), "another recipient")
	bites(t, w, []string{ada}, change(t, data, "To: <"+ada, "To: <"+ben), "want one, and that the recipient")
	bites(t, w, []string{ada}, change(t, data, "Subject:", "to: <"+ada+">\r\nSubject:"), "2 To")
	bites(t, w, []string{ada}, change(t, data, "Subject:", "bcc: <a@b.example>\r\nSubject:"), "it has bcc")
	bites(t, w, []string{ada, ben}, data, "2 recipients")
}

func TestAVendorsWordsAreForItsTesters(t *testing.T) {
	t.Parallel()
	w := &mailtest.Watch{}
	w.Apart([]string{"Café Finder"}, []string{ada})
	w.Apart([]string{"Müller & Söhne", "feedback@xn--mller-kva.example"}, []string{ada})
	good(t, w, ada, golden(t))
	bites(t, w, []string{ben}, forBen(golden(t)), "what is another vendor's")
}

func TestWhatATesterWroteNamesThatTesterAlone(t *testing.T) {
	t.Parallel()
	const developer = "dev@example.org"
	data := golden(t)
	forward := strings.NewReplacer("<"+ada+">", "<"+developer+">", "Ada@B=C3=BCcher.example", developer, "feedback@xn--mller-kva.example", ben, "/i/41-7-", "/").Replace(data)
	w := &mailtest.Watch{}
	w.Developer(developer)
	good(t, w, ada, data)
	good(t, w, ben, forBen(data))
	good(t, w, developer, forward)
	good(t, w, ada, change(t, data, "feedback@xn--mller-kva.example", developer))
	bites(t, w, []string{developer}, change(t, forward, "Hello,", "Hello "+ada), "the addresses of 2 testers")
}

func TestAFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	var got error
	w := &mailtest.Watch{Report: func(err error) { got = errors.Join(got, err) }}
	w.See([]string{ada}, []byte(golden(t)))
	if got != nil {
		t.Fatal(got)
	}
	w.See([]string{ben}, []byte(golden(t)))
	if got == nil {
		t.Error("nothing was reported")
	}
}

func BenchmarkWatch(b *testing.B) {
	data, err := os.ReadFile(filepath.Join("..", "mail", "testdata", "invitation.eml"))
	if err != nil {
		b.Fatal(err)
	}
	for name, every := range map[string]int{"full": 1, "glance": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			w := &mailtest.Watch{Every: every}
			for b.Loop() {
				if err := w.Check([]string{ada}, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
