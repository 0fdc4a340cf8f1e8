package main

import (
	"net"
	"strings"
	"testing"

	"tryout/internal/httpd"
)

func TestWithoutAPublicURLLinksLeadToTheListenAddress(t *testing.T) {
	t.Parallel()
	tls := &httpd.Certificates{}
	for _, c := range []struct {
		addr         string
		certificates *httpd.Certificates
		url, host    string
	}{
		{"127.0.0.1:8080", nil, "http://127.0.0.1:8080", "127.0.0.1"},
		{"127.0.0.1:8443", tls, "https://127.0.0.1:8443", "127.0.0.1"},
		{"[::1]:8080", nil, "http://[::1]:8080", "localhost"},
		{"0.0.0.0:8080", nil, "http://localhost:8080", "localhost"},
		{"[::]:8080", nil, "http://localhost:8080", "localhost"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		url := settings{certificates: c.certificates}.localURL(addr)
		if url != c.url || host(url) != c.host {
			t.Errorf("%s: got %s and host %s, want %s and %s", c.addr, url, host(url), c.url, c.host)
		}
	}
}

func TestAPublicURLIsAnOriginAndNothingMore(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"":                          true,
		"https://beta.example.com":  true,
		"https://beta.example.com/": true,
		"http://[::1]:8080":         true,
		"https://h:8443":            true,
		"beta.example.com":          false,
		"ftp://h":                   false,
		"https://":                  false,
		"https://:8080":             false,
		"https://h/path":            false,
		"https://h?query":           false,
		"https://h#fragment":        false,
		"https://me@h":              false,
		"https://bücher.example":    false,
	} {
		check := &checker{}
		if check.publicURL(value); (check.mistakes == nil) != good {
			t.Errorf("%q: got %v, want it good: %v", value, check.mistakes, good)
		}
	}
}

func TestRelaysAreKeptInTheirOrder(t *testing.T) {
	t.Parallel()
	check := &checker{}
	got := check.relays([]string{"smtps://me:secret@first.example", " smtp://second.example:2525"})
	if check.mistakes != nil || len(got) != 2 || got[0].Addr() != "first.example:465" || got[1].Addr() != "second.example:2525" {
		t.Errorf("got %v, %v", got, check.mistakes)
	}
	for _, bad := range [][]string{nil, {""}, {"smtp://first.example", ""}, {"smtp://first.example", "second.example"}} {
		check := &checker{}
		if check.relays(bad); len(check.mistakes) != 1 {
			t.Errorf("%q: got %v, want one mistake", bad, check.mistakes)
		}
	}
}

func TestABounceDomainIsOneThatReturnPathsFitInto(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"bounces.example.com": true, "BOUNCES.Example.com": true, "xn--bcher-kva.example": true, "": true,
		"bücher.example": false, "localhost": false, "127.0.0.1": false, "[127.0.0.1]": false, "a b.example": false, "a.example ": false,
		"bounces.example.com:25": false, "b@example.com": false, "https://example.com": false, "-a.example": false, "a..example": false,
		strings.Repeat("a.", 100) + "example": false,
		"a.example\r\nRCPT TO:<x@y.example>":  false,
	} {
		c := &checker{}
		s := c.returns(returnsConfig{BounceDomain: value})
		if (c.mistakes == nil) != good || good && s.domain != value {
			t.Errorf("%q: got %q, %v; want good %v", value, s.domain, c.mistakes, good)
		}
	}
}
