// Package tlstest makes certificates for tests: each vouches for itself, and its
// key is made for it.
package tlstest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Subject is whom a certificate is made out to, and for how long.
type Subject struct {
	Serial      int64     // zero means 1
	Name        string    // of DNS; empty means none
	IP          string    // empty means none
	From, Until time.Time // zero means an hour before now, and an hour after it
}

// Certificate is one with its key.
type Certificate struct {
	der []byte
	key *ecdsa.PrivateKey
}

// New makes a certificate.
func New(t testing.TB, s Subject) Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(cmp.Or(s.Serial, 1)),
		NotBefore:    cmp.Or(s.From, time.Now().Add(-time.Hour)), NotAfter: cmp.Or(s.Until, time.Now().Add(time.Hour)),
		IsCA: true, BasicConstraintsValid: true,
	}
	if s.Name != "" {
		template.DNSNames = []string{s.Name}
	}
	if s.IP != "" {
		template.IPAddresses = []net.IP{net.ParseIP(s.IP)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{der, key}
}

// Server is for who shows the certificate.
func (c Certificate) Server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.der}, PrivateKey: c.key}}}
}

// Trust returns roots, or new ones for nil, with the certificate among them.
func (c Certificate) Trust(t testing.TB, roots *x509.CertPool) *x509.CertPool {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.der)
	if err != nil {
		t.Fatal(err)
	}
	if roots == nil {
		roots = x509.NewCertPool()
	}
	roots.AddCert(leaf)
	return roots
}

// PEM is the certificate, and its key in PKCS #8, as they stand in files.
func (c Certificate) PEM(t testing.TB) (certificate, key []byte) {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}
