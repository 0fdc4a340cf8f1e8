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
)

// Stuff is stuff, for fuzzing.
func Stuff(data []byte) []byte { return stuff(nil, data) }

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
