package doctor_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tryout/internal/beta"
	"tryout/internal/doctor"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
	"tryout/internal/tlstest"
)

// post is a relay that lets in user with the password secret, and keeps what it
// is sent.
type post struct {
	mu       sync.Mutex
	messages []string
}

// relayOf starts it; a config has it offer STARTTLS.
func (p *post) relayOf(t *testing.T, config *tls.Config, size int64) mail.Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(mailtest.New(t).Backend(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{p, ""}, nil })))
	srv.TLSConfig, srv.MaxMessageBytes, srv.ErrorLog = config, size, log.New(t.Output(), "", 0)
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); l.Close(); <-done })
	return mail.Relay{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
}

func (p *post) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages
}

type session struct {
	*post
	to string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { return refuse(from) }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = to; return refuse(to) }
func (s *session) Reset()                                      {}
func (s *session) Logout() error                               { return nil }
func (s *session) AuthMechanisms() []string                    { return []string{sasl.Plain} }

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, string(data))
	return err
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "user" || password != "secret" {
			return errors.New("no")
		}
		return nil
	}), nil
}

func refuse(to string) error {
	if strings.HasPrefix(to, "nobody@") || strings.HasPrefix(to, "stranger@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "who is that"}
	}
	return nil
}

// certificate makes one for an address that is good for a while from now, and
// the pool that trusts it.
func certificate(t *testing.T, ip string, good time.Duration) (*tls.Config, *tls.Config) {
	t.Helper()
	c := tlstest.New(t, tlstest.Subject{IP: ip, From: now.Add(-48 * time.Hour), Until: now.Add(good)})
	return c.Server(), &tls.Config{RootCAs: c.Trust(t, nil)}
}

// behind is a patient who sends through a relay.
func behind(t *testing.T, r mail.Relay, trust *tls.Config) *doctor.Doctor {
	t.Helper()
	d := patient(t, healthy(newKey(t, "example.com")), nil)
	c := &mail.Client{Relay: r, TLS: trust}
	t.Cleanup(func() { c.Close() })
	d.Relays = []*mail.Client{c}
	return d
}

const long = 90 * 24 * time.Hour

func TestARelayIsTriedUpToTheFirstMail(t *testing.T) {
	t.Parallel()
	p := &post{}
	config, trust := certificate(t, "127.0.0.1", long+time.Hour)
	r := p.relayOf(t, config, 5_000_000)
	r.User, r.Password = "user", "secret"
	d := behind(t, r, trust)
	wants(t, d, "relay", doctor.OK, "up to 5000000 octets", "")
	wants(t, d, "relay TLS", doctor.OK, "TLS 1.3; the certificate is good for 127.0.0.1 until "+now.Add(long+time.Hour).UTC().Format(time.DateOnly)+", 90 more days", "")
	wants(t, d, "relay sign-in", doctor.OK, "as user", "")
	wants(t, d, "relay sender", doctor.OK, "takes mail from "+d.ReturnPath, "")
	d.ReturnPath = "stranger@example.com"
	wants(t, d, "relay sign-in", doctor.OK, "as user", "")
	wants(t, d, "relay sender", doctor.Bad, "knows as ours", "")
	if len(p.seen()) != 0 {
		t.Errorf("sent %q", p.seen())
	}
}

func TestWhatIsWrongWithARelayIsSaid(t *testing.T) {
	t.Parallel()
	good, trusted := certificate(t, "127.0.0.1", long)
	ending, trustsEnding := certificate(t, "127.0.0.1", 72*time.Hour)
	ended, trustsEnded := certificate(t, "127.0.0.1", -time.Hour)
	foreign, trustsForeign := certificate(t, "127.0.0.2", long)
	for _, c := range []struct {
		name          string
		config, trust *tls.Config
		size          int64
		password      string
		check         string
		level         doctor.Level
		phrase        string
	}{
		{"small", good, trusted, 1000, "", "relay", doctor.Warn, "larger messages"},
		{"in clear", nil, nil, 0, "", "relay TLS", doctor.OK, "on this machine"},
		{"ends soon", ending, trustsEnding, 0, "", "relay TLS", doctor.Warn, "renewed"},
		{"has ended", ended, trustsEnded, 0, "", "relay TLS", doctor.Bad, "expired"},
		{"another's", foreign, trustsForeign, 0, "", "relay TLS", doctor.Bad, "must be made out to 127.0.0.1"},
		{"unknown", good, nil, 0, "", "relay TLS", doctor.Bad, "unknown authority"},
		{"password", good, trusted, 0, "hush", "relay sign-in", doctor.Bad, "user and password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := new(post).relayOf(t, c.config, c.size)
			if c.password != "" {
				r.User, r.Password = "user", c.password
			}
			d := behind(t, r, c.trust)
			wants(t, d, c.check, c.level, c.phrase, "")
			for _, f := range d.Examine(t.Context()) {
				if c.password != "" && strings.Contains(f.Found+f.Change, c.password) {
					t.Errorf("the password stands in %+v", f)
				}
			}
		})
	}
}

func TestARelayThatIsAwayOrMuteHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := behind(t, mail.Relay{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}, nil)
	d.Limit = 2 * time.Second // so that the DNS has time
	begun := time.Now()
	wants(t, d, "relay", doctor.Bad, "banner", "")
	if took := time.Since(begun); took > patience {
		t.Errorf("took %v, want about %v", took, d.Limit)
	}
	wants(t, d, "DMARC", doctor.OK, "", "")
	l.Close()
	wants(t, d, "relay", doctor.Bad, "firewall", "")
}

func TestASmarthostsAddressesAreItsProvidersAffair(t *testing.T) {
	t.Parallel()
	r := new(post).relayOf(t, nil, 0)
	d := behind(t, r, nil)
	d.Leaves = nil
	wants(t, d, "SPF", doctor.Warn, "with --address", "")
	wants(t, d, "reverse name", doctor.Warn, "with --address", "")
	d.Relays[0].Relay.User, d.Relays[0].Relay.Password = "user", "secret"
	wants(t, d, "SPF", doctor.Warn, "include:", "")
	wants(t, d, "reverse name", doctor.OK, "provider's affair", "")
}

func TestWhereNoAddressIsKnownNoRecordIsMadeUp(t *testing.T) {
	t.Parallel()
	d := behind(t, new(post).relayOf(t, nil, 0), nil)
	d.Leaves, d.ReturnPath = nil, "beta@example.org"
	wants(t, d, "SPF", doctor.Bad, "Say with --address which addresses mail leaves from; then", "")
	d.Relays[0].Relay.User, d.Relays[0].Relay.Password = "user", "secret"
	wants(t, d, "SPF", doctor.Bad, "the relay's provider tells you", "")
}

func TestAnAddressThatTheWorldCannotSeeIsNotWhereMailLeavesFrom(t *testing.T) {
	t.Parallel()
	zone := healthy(newKey(t, "example.com"))
	zone["inside.example.com A"] = []string{"10.1.2.3"}
	d := patient(t, zone, nil)
	d.Leaves, d.Relays = nil, []*mail.Client{{Relay: mail.Relay{Host: "inside.example.com", Port: 25}, Timeouts: mail.Timeouts{Connect: time.Nanosecond}}}
	wants(t, d, "SPF", doctor.Warn, "with --address", "")
}

func TestARelaysPublicAddressIsWhereMailLeavesFrom(t *testing.T) {
	t.Parallel()
	d := behind(t, mail.Relay{Host: "out.example.com", Port: 25}, nil)
	d.Leaves, d.Relays[0].Timeouts.Connect = nil, time.Nanosecond // nobody is there
	wants(t, d, "SPF", doctor.OK, "lets 203.0.113.7 send", "")
	wants(t, d, "reverse name", doctor.OK, "203.0.113.7 is out.example.com", "")
}

func TestAMessageTellsTheRelaysAnswer(t *testing.T) {
	t.Parallel()
	p := &post{}
	d := behind(t, p.relayOf(t, nil, 0), nil)
	w, err := mail.NewWriter("beta@example.com", "example.com")
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Check(beta.Email{Given: "ada@example.org", Key: "ada@example.org"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if f := d.Send(t.Context(), m); f.Level != doctor.OK || !strings.Contains(f.Found, `"250 2.0.0 OK: queued"`) || len(p.seen()) != 1 {
		t.Errorf("got %+v and %q", f, p.seen())
	}
	m.To = "nobody@example.org"
	if f := d.Send(t.Context(), m); f.Level != doctor.Bad || !strings.Contains(f.Found, "who is that") || len(p.seen()) != 1 {
		t.Errorf("refused: got %+v and %q", f, p.seen())
	}
}
