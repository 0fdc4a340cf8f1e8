package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tryout/internal/mail"
	"tryout/internal/mailtest"
	"tryout/internal/tlstest"
)

// server is a real SMTP server. It keeps what it was given.
type server struct {
	mechanisms []string
	lookup     func(string) ([]string, error) // where the keys of signatures are
	odd        bool                           // it is sent what no Writer writes; the To must be right all the same

	arrived  chan struct{} // has room, and is told of each message; nil is not
	mu       sync.Mutex
	messages []received
}

// received is one message with its envelope, and whether it came over TLS as
// somebody.
type received struct {
	from, to, data string
	body           smtp.BodyType
	tls            bool
	user           string
}

// relayOf starts the server; with config it offers STARTTLS, or with smtps
// begins with TLS.
func (s *server) relayOf(t testing.TB, config *tls.Config, smtps bool) mail.Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := relayAt(l.Addr())
	relay.TLS = smtps
	var backend smtp.Backend = smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &dialogue{server: s, conn: c}, nil
	})
	if !s.odd {
		watch := mailtest.New(t)
		watch.Keys(s.lookup)
		backend = watch.Backend(backend)
	}
	srv := smtp.NewServer(backend)
	srv.TLSConfig, srv.AllowInsecureAuth = config, true
	srv.ErrorLog = log.New(t.Output(), "", 0)
	if smtps {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); l.Close(); <-done })
	return relay
}

func (s *server) seen() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages
}

// dialogue is a session of the server.
type dialogue struct {
	server *server
	conn   *smtp.Conn
	now    received
}

func (d *dialogue) Mail(from string, o *smtp.MailOptions) error {
	d.now.from, d.now.body = from, o.Body
	return nil
}

func (d *dialogue) Rcpt(to string, _ *smtp.RcptOptions) error {
	if d.now.to != "" {
		return errors.New("one recipient for each message")
	}
	d.now.to = to
	return nil
}

func (d *dialogue) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	d.now.data = string(data)
	if wrong := mailtest.Addressed([]string{d.now.to}, data); err == nil && wrong != nil {
		return wrong
	}
	_, d.now.tls = d.conn.TLSConnectionState()
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.server.messages = append(d.server.messages, d.now)
	if d.server.arrived != nil {
		d.server.arrived <- struct{}{}
	}
	return err
}

func (d *dialogue) Reset()                   { d.now = received{user: d.now.user} }
func (d *dialogue) Logout() error            { return nil }
func (d *dialogue) AuthMechanisms() []string { return d.server.mechanisms }

func (d *dialogue) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == "LOGIN" {
		return &login{check: d.login}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return d.login(user, password) }), nil
}

func (d *dialogue) login(user, password string) error {
	if user != "user" || password != "sécret pass" {
		return smtp.ErrAuthFailed
	}
	d.now.user = user
	return nil
}

// login is the server's side of AUTH LOGIN.
type login struct {
	asked int
	user  string
	check func(user, password string) error
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

// authority makes a certificate for an address, and returns it with the pool that
// trusts it and that pool as a PEM file.
func authority(t testing.TB, ip string) (config *tls.Config, trusted *x509.CertPool, file string) {
	t.Helper()
	c := tlstest.New(t, tlstest.Subject{Name: "relay.example", IP: ip})
	text, _ := c.PEM(t)
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return c.Server(), c.Trust(t, nil), file
}
