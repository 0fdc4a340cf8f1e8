package mail

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"tryout/internal/tlstest"
)

// farConn is a connection to elsewhere.
type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

// far returns a connection to elsewhere that offers AUTH, and its other end.
func far(t *testing.T) (*conn, net.Conn) {
	ours, theirs := net.Pipe() // unread, a write blocks, and the test with it
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	c := &conn{
		relay:    Relay{Host: "relay.example", Port: 25, User: "user", Password: "secret"},
		timeouts: Timeouts{Command: time.Minute},
		offers:   map[string][]string{"AUTH": {"PLAIN", "LOGIN"}},
	}
	c.use(farConn{ours})
	return c, theirs
}

func TestAPasswordDoesNotGoInClear(t *testing.T) {
	t.Parallel()
	c, _ := far(t)
	fail := c.auth(t.Context())
	if fail == nil || fail.Outcome != Misconfigured || !strings.Contains(fail.Error(), "in clear") {
		t.Errorf("got %v, want misconfigured", fail)
	}
}

func TestAPasswordGoesOverTLS(t *testing.T) {
	t.Parallel()
	c, theirs := far(t)
	certificate := tlstest.New(t, tlstest.Subject{Name: "relay.example"})
	said := make(chan string, 1)
	go func() {
		defer close(said)
		secure := tls.Server(theirs, certificate.Server())
		line, _ := bufio.NewReader(secure).ReadString('\n')
		said <- line
		secure.Write([]byte("235 welcome\r\n"))
	}()
	if fail := c.startTLS(context.Background(), &tls.Config{RootCAs: certificate.Trust(t, nil)}); fail != nil {
		t.Fatal(fail)
	}
	if fail := c.auth(t.Context()); fail != nil {
		t.Fatal(fail)
	}
	if got := <-said; !strings.HasPrefix(got, "AUTH PLAIN ") {
		t.Errorf("got %q, want AUTH PLAIN", got)
	}
}
