package outbox_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/tlstest"
)

// client returns one for s, with a user, and no other settings than a server has.
func (s *silent) client(t *testing.T) *mail.Client {
	t.Helper()
	certificate := tlstest.New(t, tlstest.Subject{Name: "relay.test", Until: time.Now().Add(day)})
	s.tls, s.taken = certificate.Server(), map[string]int{}
	relay := mail.Relay{Host: "relay.test", Port: 25, User: "user", Password: "secret"}
	return &mail.Client{Relay: relay, TLS: &tls.Config{RootCAs: certificate.Trust(t, nil)}, Dial: func(context.Context, string, string) (net.Conn, error) {
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
