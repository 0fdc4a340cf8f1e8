package mail

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
)

// Stuff is stuff, for fuzzing.
func Stuff(data []byte) []byte { return stuff(nil, data) }

// Quoted is text in quoted-printable.
func Quoted(text string) string { return string(appendQuoted(nil, text)) }

// ReadReply is readReply from a text.
func ReadReply(s string) (Reply, error) {
	r, _, err := readReply(bufio.NewReader(strings.NewReader(s)))
	return r, err
}

// Certificate makes one for a name and addresses that vouches for itself, and
// the pool that trusts it.
func Certificate(t testing.TB, name string, ips ...net.IP) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		DNSNames:              []string{name},
		IPAddresses:           ips,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, trusted
}

// CheckOurs checks Tryout's own words as an operator's are checked.
func CheckOurs() (sheets int, mistakes []error) {
	w, err := ours()
	if err != nil {
		return 0, []error{err}
	}
	for _, kinds := range w.places[place{}] {
		for _, s := range kinds {
			sheets++
			mistakes = append(mistakes, s.check()...)
		}
	}
	return sheets, mistakes
}

// Words is words, for fuzzing.
type Words = words

// BothWays fills the sheet of a letter with words: through its stencils, if it
// has any, and by its templates.
func (w *Wording) BothWays(l beta.Letter, v Words) (ours, theirs [3]string, carved bool, err error) {
	s, _ := w.sheet(l)
	d, err := s.execute(v)
	cut := s.stencils()
	if cut == nil {
		return ours, theirs, false, err
	}
	o := cut.fill(v, s.ending(v))
	return [3]string{o.subject, o.text, o.html}, [3]string{d.subject, d.text, d.html}, true, err
}

// Ours is Tryout's own words.
func Ours() (*Wording, error) { return ours() }
