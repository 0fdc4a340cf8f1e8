package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"tryout/internal/mail"
)

// What is the same trouble reads the same: the ledger counts it then.
func TestAnExpiredCertificateReadsTheSameEachTime(t *testing.T) {
	t.Parallel()
	config, trusted, _ := authority(t, "127.0.0.1")
	now := time.Now().AddDate(100, 0, 0)
	c := client(t, new(server).relayOf(t, config, true))
	c.TLS = &tls.Config{RootCAs: trusted, Time: func() time.Time { now = now.Add(time.Hour); return now }}
	first, second := refused(t, c, note()), refused(t, c, note())
	if first.Outcome != mail.Misconfigured || first.Step != "TLS" || first.Text() != second.Text() {
		t.Errorf("got %v at %s, %q, then %q; want the same", first.Outcome, first.Step, first.Text(), second.Text())
	}
	var invalid *tls.CertificateVerificationError
	if !errors.As(first, &invalid) {
		t.Errorf("got %v, want the certificate's error below it", first)
	}
}

func TestAFailedLookupReadsTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		net.DNSError // of which Err and Server are another each time
		want         string
	}{
		{net.DNSError{IsNotFound: true}, "lookup mx.example: no such host"},
		{net.DNSError{IsTimeout: true}, "lookup mx.example: no answer in time"},
		{net.DNSError{IsTemporary: true}, "lookup mx.example: no name server answers"},
		{net.DNSError{}, "lookup mx.example: no name server answers"},
	} {
		port := 40000
		client := client(t, mail.Relay{Host: "mx.example", Port: 25})
		client.Dial = func(context.Context, string, string) (net.Conn, error) {
			port++
			err := c.DNSError
			err.Name, err.Server = "mx.example", fmt.Sprintf("192.0.2.%d:53", port%2)
			err.Err = fmt.Sprintf("read udp 192.0.2.9:%d->%s: read: connection refused", port, err.Server)
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &err}
		}
		for range 2 {
			if fail := refused(t, client, note()); fail.Outcome != mail.Away || fail.Step != "connect" || fail.Text() != c.want {
				t.Errorf("got %v at %s, %q, want %q", fail.Outcome, fail.Step, fail.Text(), c.want)
			}
		}
	}
}
