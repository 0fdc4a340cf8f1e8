package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tryout/internal/mailtest"
	"tryout/internal/storetest"
	"tryout/internal/tlstest"
)

// guarded is a relay that lets in user over TLS alone, takes mail only from
// beta@example.com, and keeps what it is sent.
type guarded struct {
	addr  string
	trust string // a file with its certificate

	mu   sync.Mutex
	sent []string // recipient and text
}

const relayPassword = "s,cr$t 'é/@"

func startGuarded(t *testing.T) *guarded {
	t.Helper()
	certificate := tlstest.New(t, tlstest.Subject{IP: "127.0.0.1", Until: time.Now().Add(1000 * time.Hour)})
	trust := filepath.Join(t.TempDir(), "trust.pem")
	text, _ := certificate.PEM(t)
	if err := os.WriteFile(trust, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{addr: l.Addr().String(), trust: trust}
	srv := smtp.NewServer(mailtest.New(t).Backend(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &guardedSession{g, c, false, ""}, nil })))
	srv.TLSConfig, srv.ErrorLog = certificate.Server(), log.New(t.Output(), "", 0)
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); l.Close(); <-done })
	return g
}

func (g *guarded) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent
}

type guardedSession struct {
	*guarded
	conn   *smtp.Conn
	known  bool
	mailTo string
}

func (s *guardedSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *guardedSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if _, secure := s.conn.TLSConnectionState(); !secure || user != "user" || password != relayPassword {
			return errors.New("no")
		}
		s.known = true
		return nil
	}), nil
}

func (s *guardedSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known || from != "beta@example.com" {
		return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not your address"}
	}
	return nil
}

func (s *guardedSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.mailTo = to; return nil }
func (s *guardedSession) Reset()                                    {}
func (s *guardedSession) Logout() error                             { return nil }

func (s *guardedSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, s.mailTo+"\n"+string(text))
	return err
}

// newcomersPlace is an empty folder, and what somebody would set up in it.
type newcomersPlace struct {
	t        *testing.T
	relay    *guarded
	dir, env string
	database string // for [storetest.Dump]
	where    []string
	flags    []string
}

func newPlace(t *testing.T) *newcomersPlace {
	t.Helper()
	dir := t.TempDir()
	p := &newcomersPlace{t: t, relay: startGuarded(t), dir: dir, env: filepath.Join(dir, "env")}
	data := filepath.Join(dir, "data")
	p.where, p.database = []string{"--data", data}, data
	if storetest.OnPostgres() {
		p.database = storetest.Database(t, data)
		p.where = []string{"--database", p.database}
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(relayPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.flags = append([]string{
		"--public-url", "https://beta.example.com", "--relay", p.relay.addr, "--relay-user", "user", "--relay-password-file", password,
		"--mail-from", `"Example, 'Games'" <beta@example.com>`, "--owner", "ann@owner.test", "--vendor-name", "Example Games", "--skill-name", "Word Quiz",
	}, p.where...)
	return p
}

func (p *newcomersPlace) command(args ...string) *exec.Cmd {
	cmd := tryout(p.t, args...)
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+p.relay.trust)
	cmd.Dir = p.dir
	return cmd
}

// init runs tryout init without a terminal, and wants an exit code.
func (p *newcomersPlace) init(code int, flags ...string) (out, errs string) {
	p.t.Helper()
	cmd := p.command(append([]string{"init", "--config", p.env}, flags...)...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != code {
		p.t.Fatalf("tryout init %q: %v, want exit code %d\n%s%s", flags, err, code, &o, &e)
	}
	for _, text := range []string{o.String(), e.String()} {
		if strings.Contains(text, relayPassword) || strings.Contains(text, "%2F%40") {
			p.t.Errorf("the relay's password stands in\n%s", text)
		}
	}
	return o.String(), e.String()
}

func (p *newcomersPlace) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *newcomersPlace) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}
