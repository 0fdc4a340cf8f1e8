package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// newDKIM signs for tryout.example with a new key.
func newDKIM(t testing.TB, ed bool) *mail.DKIM {
	t.Helper()
	file, err := mail.NewKey(ed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := mail.NewDKIM("tryout.example", "s1", file)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// published answers as a DNS does that has the records of d alone.
func published(d *mail.DKIM) func(string) ([]string, error) {
	name, text := d.Record()
	return func(asked string) ([]string, error) {
		if asked != name {
			return nil, errors.New("no such name: " + asked)
		}
		return []string{text}, nil
	}
}

// verify returns what a receiver makes of the one signature of a message.
func verify(t testing.TB, d *mail.DKIM, data string) error {
	t.Helper()
	found, err := dkim.VerifyWithOptions(strings.NewReader(data), &dkim.VerifyOptions{LookupTXT: published(d)})
	if err != nil || len(found) != 1 {
		t.Fatalf("got %d signatures, %v, want one in\n%s", len(found), err, data)
	}
	return found[0].Err
}

// dots is a Signer that puts lines with dots at their beginning, which SMTP
// doubles, under a message before it is signed.
type dots struct{ *mail.DKIM }

func (d dots) Sign(message []byte) ([]byte, error) {
	return d.DKIM.Sign(append(message, ".\r\n..\r\n.one\r\n\r\n\r\n"...))
}

func TestASignedMessageVerifiesAfterTheWayOverSMTP(t *testing.T) {
	t.Parallel()
	for _, ed := range []bool{false, true} {
		d := newDKIM(t, ed)
		s := &server{lookup: published(d)}
		c := client(t, s.relayOf(t, nil, false))
		for _, signer := range []mail.Signer{d, dots{d}} {
			w := newWriter(t)
			w.Signer = signer
			m, err := w.Write(letter(t, beta.InvitationMail), noon)
			if err != nil {
				t.Fatal(err)
			}
			sent(t, c, m)
		}
		seen := s.seen()
		if len(seen) != 2 || !strings.Contains(seen[1].data, "\r\n.\r\n..\r\n.one\r\n") {
			t.Fatalf("got %d messages, %+v; want two, the second with its dots", len(seen), seen)
		}
		for _, m := range seen {
			if err := verify(t, d, m.data); err != nil {
				t.Errorf("%v in\n%s", err, m.data)
			}
		}
	}
}

func TestAChangedMessageDoesNotVerify(t *testing.T) {
	t.Parallel()
	d := newDKIM(t, true)
	w := newWriter(t)
	w.Signer = d
	m, err := w.Write(letter(t, beta.InvitationMail), noon)
	if err != nil {
		t.Fatal(err)
	}
	data := string(m.Data)
	if err := verify(t, d, data); err != nil {
		t.Fatalf("as written: %v", err)
	}
	for name, changed := range map[string]string{
		"text":               strings.Replace(data, "Finder", "Binder", 1),
		"From":               strings.Replace(data, "From: \"Beta Tests\"", "From: \"Your Bank\"", 1),
		"a second From":      "From: <other@tryout.example>\r\n" + data,
		"a second Subject":   "Subject: other\r\n" + data,
		"a second type":      "Content-Type: text/html\r\n" + data,
		"a List-Unsubscribe": "List-Unsubscribe: <https://evil.example/>\r\n" + data,
		"more text":          data + "more\r\n",
		"no Auto-Submitted":  strings.Replace(data, "Auto-Submitted: auto-generated\r\n", "", 1),
	} {
		if changed == data {
			t.Errorf("%s: nothing was changed in\n%s", name, data)
		} else if err := verify(t, d, changed); err == nil {
			t.Errorf("%s: still verifies", name)
		}
	}
	data = strings.TrimSuffix(data, "\r\n") + " \r\n"
	if err := verify(t, d, "Received: by relay.example\r\n"+strings.Replace(data, "From: ", "From:   ", 1)+"\r\n"); err != nil {
		t.Errorf("what relays do on the way: %v", err)
	}
}

func TestAKeyThatReceiversDoNotKnowIsNotVerified(t *testing.T) {
	t.Parallel()
	d, other := newDKIM(t, true), newDKIM(t, true)
	if err := d.Verify(published(d)); err != nil {
		t.Errorf("its own record: %v", err)
	}
	name, revoked := d.Record()
	revoked = revoked[:strings.Index(revoked, "p=")+2]
	for what, lookup := range map[string]func(string) ([]string, error){
		"another key": published(other),
		"a revoked":   func(string) ([]string, error) { return []string{revoked}, nil },
		"none":        func(string) ([]string, error) { return nil, errors.New(name) },
		"nonsense":    func(string) ([]string, error) { return []string{"v=spf1 -all"}, nil },
	} {
		if err := d.Verify(lookup); err == nil {
			t.Errorf("%s: verifies", what)
		}
	}
}

func TestKeysThatCannotSignAreRefused(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string][]byte{
		"not a PEM file":      []byte("nonsense"),
		"CERTIFICATE":         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE"}),
		"cannot be read":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("nonsense")}),
		"wrong kind":          pkcs8(t, curve),
		"RSA key of 1024":     pkcs8(t, small),
		"ENCRYPTED PRIVATE K": pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY"}),
	} {
		if _, err := mail.NewDKIM("tryout.example", "s1", file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestAnOldRSAKeyFileIsRead(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	d, err := mail.NewDKIM("tryout.example", "s1", file)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(published(d)); err != nil {
		t.Error(err)
	}
}

func TestNamesOfASignatureAreNamesInTheDNS(t *testing.T) {
	t.Parallel()
	file, err := mail.NewKey(true)
	if err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string]bool{
		"a": true, "S1.eu": true, "x_1-2": true, "": false, "a.": false, "a..b": false, "-a": false, "a;b": false,
		"a=b": false, "a b": false, "bücher": false, "a\r\nb": false, strings.Repeat("a", 64): false,
		strings.Repeat("a.", 90) + "b": false,
	} {
		_, domain := mail.NewDKIM(name, "s", file)
		_, selector := mail.NewDKIM("d.example", name, file)
		if (domain == nil) != good || (selector == nil) != good {
			t.Errorf("%q: got %v and %v, want it good: %v", name, domain, selector, good)
		}
	}
}

func TestAnswersGoToTheFeedbackAddressElseToOurs(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	l := letter(t, beta.InvitationMail)
	replyTo := func() string {
		m, err := w.Write(l, noon)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, m.Data).header.Get("Reply-To")
	}
	l.FeedbackEmail = ""
	if got := replyTo(); got != "" {
		t.Errorf("neither: got %q, want none", got)
	}
	w.ReplyTo = beta.Email{Given: "Help@tryout.example", Key: "help@tryout.example"}
	if got := replyTo(); got != "<Help@tryout.example>" {
		t.Errorf("ours: got %q", got)
	}
	l.FeedbackEmail = "feedback@example.org"
	if got := replyTo(); got != "<feedback@example.org>" {
		t.Errorf("the test's: got %q", got)
	}
}

func TestTheMessageOfACheckIsMadeLikeLetters(t *testing.T) {
	t.Parallel()
	d, w, to := newDKIM(t, true), newWriter(t), letter(t, beta.InvitationMail).To
	m, err := w.Check(to, noon)
	if err != nil {
		t.Fatal(err)
	}
	lint(t, m)
	if got := parse(t, m.Data); !strings.Contains(got.text, "tryout doctor") {
		t.Errorf("got %+v", got)
	}
	w.Signer = d
	if m, err = w.Check(to, noon); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, d, string(m.Data)); err != nil {
		t.Error(err)
	}
}

// BenchmarkDKIM writes a message, with and without a signature.
func BenchmarkDKIM(b *testing.B) {
	for name, signer := range map[string]mail.Signer{"rsa": newDKIM(b, false), "ed25519": newDKIM(b, true), "unsigned": nil} {
		b.Run(name, func(b *testing.B) {
			w := newWriter(b)
			w.Signer = signer
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Write(invitation(), time.UnixMilli(1_700_000_000_000)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
