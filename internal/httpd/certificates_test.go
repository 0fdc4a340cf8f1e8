package httpd_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/httpd"
	"tryout/internal/tlstest"
)

// pair is a certificate and its key in files.
type pair struct{ certFile, keyFile string }

func newPair(t *testing.T) pair {
	dir := t.TempDir()
	return pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
}

// issue writes a new self-signed pair with the given serial number.
func (p pair) issue(t *testing.T, serial int64) {
	t.Helper()
	certificate, key := tlstest.New(t, tlstest.Subject{Serial: serial, IP: "127.0.0.1"}).PEM(t)
	p.write(t, p.certFile, certificate, serial)
	p.write(t, p.keyFile, key, serial)
}

// write gives the file a time of its own, so that no two writes look alike.
func (p pair) write(t *testing.T, file string, text []byte, serial int64) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, time.Unix(serial, 0)); err != nil {
		t.Fatal(err)
	}
}

// secured serves p with a clock that the test moves.
func secured(t *testing.T, p pair) (addr string, clock *atomic.Int64, log *journal) {
	t.Helper()
	certs, err := httpd.LoadCertificates(p.certFile, p.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	log, clock = &journal{}, &atomic.Int64{}
	edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), httpd.Config{
		Log: log.logger(), Fail: failBody,
		Now: func() time.Time { return time.Unix(1e9, clock.Load()) },
	})
	s := listen(t, edge, certs)
	run(t, s)
	return s.Addr().String(), clock, log
}

// serial is the serial number of the certificate served at addr.
func serial(t *testing.T, addr string) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issue(t, 1)
	addr, clock, log := secured(t, p)
	if got := serial(t, addr); got != 1 {
		t.Fatalf("certificate %d, want 1", got)
	}
	p.issue(t, 2)
	clock.Add(int64(999 * time.Millisecond))
	if got := serial(t, addr); got != 1 {
		t.Errorf("certificate %d within the second, want 1: the files are looked at once a second", got)
	}
	clock.Add(int64(time.Millisecond))
	if got := serial(t, addr); got != 2 {
		t.Errorf("certificate %d, want 2", got)
	}
	if n := len(log.lines(t, "certificate renewed")); n != 1 {
		t.Errorf("%d lines, want 1: %s", n, log)
	}
}

func TestABadCertificateIsToldOnceAndTheOldOneKept(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issue(t, 1)
	addr, clock, log := secured(t, p)
	p.write(t, p.certFile, []byte("-----BEGIN CERTIFICATE-----\naGFsZg==\n-----END CERTIFICATE-----\n"), 2)
	for range 3 {
		clock.Add(int64(time.Second))
		if got := serial(t, addr); got != 1 {
			t.Errorf("certificate %d, want 1", got)
		}
	}
	if n := len(log.lines(t, "certificate not renewed")); n != 1 {
		t.Errorf("%d lines, want 1: %s", n, log)
	}
	p.issue(t, 3)
	clock.Add(int64(time.Second))
	if got := serial(t, addr); got != 3 {
		t.Errorf("certificate %d, want 3", got)
	}
}

func TestAPairThatDoesNotBelongTogetherIsNotLoaded(t *testing.T) {
	t.Parallel()
	one, two := newPair(t), newPair(t)
	one.issue(t, 1)
	two.issue(t, 2)
	if _, err := httpd.LoadCertificates(one.certFile, two.keyFile); err == nil {
		t.Error("no error")
	}
	if _, err := httpd.LoadCertificates(one.certFile, "missing"); err == nil {
		t.Error("no error without a key")
	}
}

func TestHTTP2IsSpokenOverTLSAndStopsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issue(t, 1)
	certs, err := httpd.LoadCertificates(p.certFile, p.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), httpd.Config{})
	s := listen(t, edge, certs)
	stop := run(t, s)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}}
	res, err := client.Get("https://" + s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.ProtoMajor != 2 || !uuid4.MatchString(res.Header.Get(idHeader)) {
		t.Errorf("%s with id %q, want HTTP/2 and an id", res.Proto, res.Header.Get(idHeader))
	}
	start := time.Now()
	stop()
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("stopped after %v: the idle connection was waited for", took)
	}
}

func TestPlainHTTPAtATLSPortIsRefusedInJSON(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.issue(t, 1)
	addr, _, _ := secured(t, p)
	if res := get(t, addr, "/"); res.StatusCode != 400 || bodyOf(t, res) != `{"code":"EDGE_400"}` {
		t.Errorf("%d %v, want 400 in JSON", res.StatusCode, res.Header)
	}
}
