package outbox_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// client returns one for s, with a user, and no other settings than a server has.
func (s *silent) client(t *testing.T) *mail.Client {
	t.Helper()
	config, roots := certificate(t)
	s.tls, s.taken = config, map[string]int{}
	relay := mail.Relay{Host: "relay.test", Port: 25, User: "user", Password: "secret"}
	return &mail.Client{Relay: relay, TLS: &tls.Config{RootCAs: roots}, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go s.serve(theirs)
		s.count(1)
		return &connection{Conn: ours, relay: s}, nil
	}}
}

// connection is a client's end.
type connection struct {
	net.Conn
	relay *silent
	once  sync.Once
}

func (c *connection) Close() error {
	c.once.Do(func() { c.relay.count(-1) })
	return c.Conn.Close()
}

// whole writes messages that a relay can be sent.
type whole struct{ *memory }

// Write implements outbox.Writer.
func (w whole) Write(l beta.Letter, now time.Time) (mail.Message, error) {
	m, err := w.memory.Write(l, now)
	m.From, m.Data = "beta@tryout.example", []byte("Subject: Hello\r\n\r\nHello.\r\n")
	return m, err
}

// certificate makes one that vouches for itself, good now.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(day),
		DNSNames: []string{"relay.test"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}
