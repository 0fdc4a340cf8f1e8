package mail_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"tryout/internal/mail"
)

func TestASignedInSenderIsKnown(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	for _, mechanisms := range [][]string{{"PLAIN"}, {"LOGIN"}, {"LOGIN", "PLAIN"}, {"CRAM-MD5", "LOGIN"}} {
		for _, config := range []*tls.Config{config, nil} { // in clear: it is the loopback
			s := &server{mechanisms: mechanisms}
			r := s.relayOf(t, config, false)
			r.User, r.Password = "user", "sécret pass"
			c := client(t, r)
			c.TLS = &tls.Config{RootCAs: trusted}
			sent(t, c, note())
			if got := s.seen()[0]; got.user != "user" {
				t.Errorf("%v: got %+v, want it from user", mechanisms, got)
			}
		}
	}
}

func TestASignInThatFailsIsMisconfigured(t *testing.T) {
	t.Parallel()
	for name, mechanisms := range map[string][]string{"wrong password": {"PLAIN"}, "wrong at LOGIN": {"LOGIN"}, "no way we know": {"CRAM-MD5"}, "not offered": nil} {
		s := &server{mechanisms: mechanisms}
		r := s.relayOf(t, nil, false)
		r.User, r.Password = "user", "hunter2"
		fail := refused(t, client(t, r), note())
		if fail.Outcome != mail.Misconfigured || fail.Step != "AUTH" {
			t.Errorf("%s: got %v at %s (%v), want misconfigured at AUTH", name, fail.Outcome, fail.Step, fail)
		}
		if strings.Contains(fail.Error(), "hunter2") || strings.Contains(fail.Error(), "aHVudGVyMg") {
			t.Errorf("%s: the password is in %q", name, fail)
		}
	}
}
