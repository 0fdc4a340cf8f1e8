package mail_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"tryout/internal/mail"
)

func TestAProbeSeesTheRelayAndSendsNothing(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	for _, smtps := range []bool{false, true} {
		s := &server{mechanisms: []string{"PLAIN"}}
		c := client(t, s.relayOf(t, config, smtps))
		c.TLS = &tls.Config{RootCAs: trusted}
		c.Relay.User, c.Relay.Password = "user", "sécret pass"
		p, err := c.Probe(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if p.Reached == nil || p.TLS == nil || len(p.TLS.PeerCertificates) != 1 {
			t.Errorf("smtps %v: got %+v, want whom we reached and TLS", smtps, p)
		}
		if len(s.seen()) != 0 {
			t.Errorf("smtps %v: a message was sent", smtps)
		}
	}
}

func TestAProbeReadsTheSize(t *testing.T) {
	t.Parallel()
	for extension, want := range map[string]int64{"SIZE 1000": 1000, "SIZE": 0, "SIZE much": 0, "PIPELINING": 0} {
		s := &script{extensions: []string{extension}}
		if p, err := client(t, s.relayOf(t)).Probe(t.Context(), ""); err != nil || p.Size != want || p.TLS != nil {
			t.Errorf("%s: got %+v, %v, want %d", extension, p, err, want)
		}
	}
}

func TestAFailedProbeTellsWhatWasSeenBefore(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	c := client(t, (&server{mechanisms: []string{"PLAIN"}}).relayOf(t, config, false))
	c.TLS = &tls.Config{RootCAs: trusted}
	c.Relay.User, c.Relay.Password = "user", "wrong"
	p, err := c.Probe(t.Context(), "")
	var fail *mail.Failure
	if !errors.As(err, &fail) || fail.Step != "AUTH" || p.TLS == nil {
		t.Errorf("got %+v, %v, want TLS and a failure at AUTH", p, err)
	}
	if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the password stands in %q", err)
	}
}

func TestAProbeOfARelayThatStallsEnds(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"banner", "EHLO"} {
		c := trouble(t, step, stall)
		c.Timeouts = mail.Timeouts{Command: 50 * time.Millisecond}
		var fail *mail.Failure
		if _, err := c.Probe(t.Context(), ""); !errors.As(err, &fail) || fail.Step != step {
			t.Errorf("got %v, want a failure at %s", err, step)
		}
	}
}

func TestAProbeOfNobodySaysSo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var fail *mail.Failure
	if p, err := client(t, relayAt(l.Addr())).Probe(t.Context(), ""); !errors.As(err, &fail) || fail.Step != "connect" || p.Reached != nil {
		t.Errorf("got %+v, %v, want a failure at connect", p, err)
	}
}

func TestAProbeCanAskWhetherTheSenderIsTaken(t *testing.T) {
	t.Parallel()
	var fail *mail.Failure
	c := trouble(t, "MAIL FROM", "550 5.7.1 not yours")
	if _, err := c.Probe(t.Context(), ""); err != nil {
		t.Errorf("not asked: got %v", err)
	}
	if _, err := c.Probe(t.Context(), "beta@example.com"); !errors.As(err, &fail) || fail.Step != "MAIL FROM" {
		t.Errorf("got %v, want a failure at MAIL FROM", err)
	}
	if _, err := c.Probe(t.Context(), "beta@example.com>\r\nRCPT TO:<a@b"); !errors.As(err, &fail) || fail.Err == nil {
		t.Errorf("got %v, want it refused before it is said", err)
	}
}
