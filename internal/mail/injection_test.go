package mail_test

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

// fragments are of what a text is made that wants to be a header, another
// recipient, a part, or another message.
var fragments = []string{
	"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\x00", "\r\n\r\n", "\n\n", "\r\n ", "\r\n\t", ": ", "x", "é", "\xff", " ", ".", "\r\n.\r\n", "\n.\n", "\r.\r",
	"Bcc: eve@example.org", "To: <eve@example.org>", "From: <eve@example.org>", "Subject: x", "Content-Type: text/html", "<eve@example.org>", ", eve@example.org", ">",
	"=?utf-8?q?=0D=0ABcc:_eve@example.org?=", "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=", "=?iso-8859-1?q?=85?=", "=?utf-8?q?", "?=", "=0D=0A", "=\r\n", "%0d%0aBcc:",
	"\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n", "--=_15.7.3.ml6edww0", "--=_15.7.3.ml6edww0--", `"`, `\`, "(", ")", "{{.Link}}", "<script>",
	strings.Repeat("x", 10<<10), strings.Repeat("é", 5<<10), strings.Repeat(" ", 998), strings.Repeat("\r\n", 300),
}

// madeUp is a text of up to 8 fragments.
func madeUp(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteString(fragments[r.IntN(len(fragments))])
	}
	return b.String()
}

// strange is a letter whose every text somebody else chose. The address for
// answers is one of a developer, or what is no address at all.
func strange(t testing.TB, kind beta.MailKind, text func() string) beta.Letter {
	l := letter(t, kind)
	l.Skill, l.Vendor, l.FeedbackEmail = text(), text(), text()
	l.VendorID, l.SkillID, l.Language = beta.VendorID(text()), beta.SkillID(text()), beta.Language(text())
	l.Unsubscribe = "https://tryout.example/u/1" + text()
	if kind == beta.ForwardMail {
		l.Written.Text = text()
	}
	return l
}

// strangeWriter is one of a sender whose name, and whose words, are somebody's.
func strangeWriter(t testing.TB, name, words string) *mail.Writer {
	t.Helper()
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
	w, err := mail.NewWriter(`"`+quoted+`" <beta@tryout.example>`, "tryout.example")
	if err != nil {
		w = newWriter(t) // it is refused
	}
	if words == "" {
		return w
	}
	if wording, err := mail.ReadWording(tree(says("invitation", words, says("de/forward", words, map[string]string{})))); err == nil {
		w.Use(wording)
	}
	return w
}

// 2,000 letters of made up texts: each comes as one message with the fields that
// it must have, at a relay that takes every dot for the end as at one that does
// not, and there octet for octet.
func TestNoTextBecomesAHeaderOrAnotherMessage(t *testing.T) {
	t.Parallel()
	const letters = 2000
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	lax, strict := &script{extensions: []string{"PIPELINING", "8BITMIME"}}, &server{}
	toLax, toStrict := client(t, lax.relayOf(t)), client(t, strict.relayOf(t, nil, false))
	var wrote []string
	for n := 0; len(wrote) < letters; n++ {
		words := ""
		if n%20 == 0 {
			words = madeUp(r)
		}
		w := strangeWriter(t, madeUp(r), words)
		m, err := w.Write(strange(t, kinds()[r.IntN(len(kinds()))], func() string { return madeUp(r) }), noon)
		if err != nil {
			continue // an address that cannot be: no message is none too many
		}
		sent(t, toLax, m)
		sent(t, toStrict, m)
		wrote = append(wrote, string(m.Data))
		if n > 10*letters {
			t.Fatalf("only %d of %d letters can be written", len(wrote), n)
		}
	}
	if _, _, got := lax.seen(); len(got) != letters {
		t.Errorf("a lax relay got %d messages, want %d", len(got), letters)
	}
	got := strict.seen()
	if len(got) != letters {
		t.Fatalf("a strict relay got %d messages, want %d", len(got), letters)
	}
	for i, m := range got {
		if m.data != wrote[i] {
			t.Errorf("message %d came as\n%.2000q, want\n%.2000q", i, m.data, wrote[i])
		}
	}
}

// Addresses that are ones, and look like more.
func TestAnOddAddressIsOneAddress(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	for _, address := range []string{
		"=?utf-8?q?=0D=0ABcc=3A?=@b.example", "=?utf-8?q?eve=40c.example?=@b.example", "!#$%&'*+-/=?^_`{|}~@b.example", "bcc:@b.example",
		"=0d=0abcc@b.example", "%0d%0a@b.example", "{{.Link}}@b.example", "a&lt;eve@b.example", "-@b.example", "=_@b.example",
	} {
		to, err := beta.ParseEmail(address)
		if err != nil {
			continue // nor can it be added
		}
		for _, l := range letters(t) {
			l.To, l.FeedbackEmail = to, address
			if l.Kind == beta.ForwardMail {
				l.Written.Email = to
			}
			m, err := w.Write(l, noon)
			if err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			if err := new(mailtest.Watch).Check([]string{address}, m.Data); err != nil {
				t.Error(err)
			}
		}
	}
}

func FuzzNoTextBecomesAHeaderOrAnotherMessage(f *testing.F) {
	for _, text := range append(hostile(), fragments...) {
		f.Add(text, text, text, text, text)
	}
	f.Fuzz(func(t *testing.T, skill, vendor, from, written, address string) {
		w := strangeWriter(t, from, "")
		for _, l := range letters(t) {
			l.Skill, l.Vendor, l.FeedbackEmail = skill, vendor, address
			l.Unsubscribe = "https://tryout.example/u/1" + address
			if l.Kind == beta.ForwardMail {
				l.Written.Text = written
			}
			m, err := w.Write(l, noon)
			if err != nil {
				t.Fatalf("%q: %v", l.Kind, err)
			}
			if err := new(mailtest.Watch).Check([]string{m.To}, m.Data); err != nil {
				t.Fatal(err)
			}
			wire := bufio.NewReader(bytes.NewReader(mail.Stuff(m.Data)))
			if _, ended := laxly(wire); !ended || wire.Buffered() != 0 {
				t.Fatalf("a lax relay has %d octets behind the end of\n%q", wire.Buffered(), m.Data)
			}
		}
	})
}

func TestAnUnsubscribeLinkFitsOnALine(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]bool{978: true, 979: false} {
		l := letter(t, beta.InvitationMail)
		l.Unsubscribe = "https://tryout.example/u/"
		l.Unsubscribe += strings.Repeat("x", length-len(l.Unsubscribe))
		m, err := newWriter(t).Write(l, noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := new(mailtest.Watch).Check([]string{m.To}, m.Data); err != nil {
			t.Error(err)
		}
		if got := bytes.Contains(m.Data, []byte("List-Unsubscribe: <"+l.Unsubscribe+">\r\nList-Unsubscribe-Post: ")); got != want {
			t.Errorf("a link of %d octets is in the header: %v, want %v", length, got, want)
		}
	}
}

func TestASendersNameIsReadAsItIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "Beta", `back\slash`, `back\släsh`, `"quoted"`, `"quöted"`, "a, b <eve@example.org>", "ä, b <eve@example.org>", "=?utf-8?q?x?=", "(comment)", "(cömment)", "x@y.example",
	} {
		w := strangeWriter(t, name, "")
		m, err := w.Write(letter(t, beta.InvitationMail), noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := new(mailtest.Watch).Check([]string{m.To}, m.Data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if from, err := parse(t, m.Data).header.AddressList("From"); err != nil || from[0].Name != name || from[0].Address != "beta@tryout.example" {
			t.Errorf("%s: got %v, %v", name, from, err)
		}
	}
}
