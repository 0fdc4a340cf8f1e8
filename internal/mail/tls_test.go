package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tryout/internal/mail"
	"tryout/internal/tlstest"
)

func TestTLSIsUsedWhereItIsOffered(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	for _, smtps := range []bool{false, true} {
		s := &server{}
		c := client(t, s.relayOf(t, config, smtps))
		c.TLS = &tls.Config{RootCAs: trusted}
		sent(t, c, note())
		sent(t, c, note())
		for _, m := range s.seen() {
			if !m.tls || m.to != note().To {
				t.Errorf("smtps %v: got %+v, want TLS", smtps, m)
			}
		}
	}
}

func TestACertificateThatProvesNothingIsRefused(t *testing.T) {
	t.Parallel()
	elsewhere, trusted, _ := authority(t, "")
	unknown, _, _ := authority(t, "127.0.0.1")
	for name, row := range map[string]struct {
		config *tls.Config
		roots  *x509.CertPool
	}{
		"another name":      {elsewhere, trusted},
		"another authority": {unknown, trusted},
		"the system's":      {unknown, nil},
	} {
		for _, smtps := range []bool{false, true} {
			s := &server{}
			c := client(t, s.relayOf(t, row.config, smtps))
			c.TLS = &tls.Config{RootCAs: row.roots}
			if fail := refused(t, c, note()); fail.Outcome != mail.Misconfigured || fail.Step != "TLS" {
				t.Errorf("%s: got %v at %s (%v), want misconfigured at TLS", name, fail.Outcome, fail.Step, fail)
			}
			if len(s.seen()) != 0 {
				t.Errorf("%s: a message was sent", name)
			}
		}
	}
}

func TestWhatIsKeptOfACertificateIsShort(t *testing.T) {
	t.Parallel()
	long := tlstest.New(t, tlstest.Subject{Name: strings.Repeat("long.", 5000) + "example"})
	r := (&server{}).relayOf(t, long.Server(), true)
	r.Host = "localhost"
	c := client(t, r)
	c.TLS = &tls.Config{RootCAs: long.Trust(t, nil)}
	fail := refused(t, c, note())
	if whole := fail.Err.Error(); len(whole) < 20_000 || fail.Text() != whole[:500] {
		t.Errorf("got %q of %d octets, want the first 500", fail.Text(), len(whole))
	}
}

// TestTheSystemsRootsAreTrusted runs itself once more, in a process whose
// system roots are the test's: they are read once in a process.
func TestTheSystemsRootsAreTrusted(t *testing.T) {
	t.Parallel()
	if relay := os.Getenv("TRYOUT_TEST_RELAY"); relay != "" {
		r, err := mail.ParseRelay(relay)
		if err != nil {
			t.Fatal(err)
		}
		sent(t, client(t, r), note())
		return
	}
	config, _, file := authority(t, "127.0.0.1")
	s := &server{}
	relay := s.relayOf(t, config, true)
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheSystemsRootsAreTrusted$")
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+file, "TRYOUT_TEST_RELAY="+relay.String())
	if out, err := cmd.CombinedOutput(); err != nil || len(s.seen()) != 1 {
		t.Errorf("got %v and %d messages, want one:\n%s", err, len(s.seen()), out)
	}
}

func TestBrokenTLSHasItsOutcome(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]mail.Outcome{
		"220 go\r\nthis is not TLS at all": mail.Misconfigured,
		"220 go" + cut:                     mail.Away,
		"220 go" + stall:                   mail.Away,
	} {
		fail := refused(t, trouble(t, "STARTTLS", answer), note())
		if fail.Outcome != want {
			t.Errorf("%q: got %v (%v), want %v", answer, fail.Outcome, fail, want)
		}
	}
}

func TestVersionsOfTLSThatDoNotMeetAreMisconfigured(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	config.MaxVersion = tls.VersionTLS12
	c := client(t, new(server).relayOf(t, config, true))
	c.TLS = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13}
	if fail := refused(t, c, note()); fail.Outcome != mail.Misconfigured || fail.Step != "TLS" {
		t.Errorf("got %v at %s (%v), want misconfigured at TLS", fail.Outcome, fail.Step, fail)
	}
}

func TestWhatIsSaidBeforeTLSCountsNoMore(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	offered := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 512)
		c.Write([]byte("220 hello\r\n"))
		c.Read(buf)
		c.Write([]byte("250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"))
		c.Read(buf)
		c.Write([]byte("220 go\r\n"))
		secure := tls.Server(c, config)
		n, _ := secure.Read(buf)
		offered <- string(buf[:n])
		secure.Write([]byte("250 relay\r\n"))
		secure.Read(buf)
	}()
	r := relayAt(l.Addr())
	r.User, r.Password = "user", "secret"
	c := client(t, r)
	c.TLS = &tls.Config{RootCAs: trusted}
	fail := refused(t, c, note())
	if fail.Outcome != mail.Misconfigured || fail.Step != "AUTH" {
		t.Errorf("AUTH was offered in clear alone: got %v, want misconfigured at AUTH", fail)
	}
	if got := <-offered; !strings.HasPrefix(got, "EHLO ") {
		t.Errorf("first after TLS: got %q, want EHLO", got)
	}
}
