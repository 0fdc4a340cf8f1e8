package mail

import (
	"net"
	"strings"
	"testing"
	"time"
)

// farConn is a connection to elsewhere.
type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestAPasswordDoesNotGoInClear(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe() // a write would block, and the test with it
	defer theirs.Close()
	c := &conn{
		relay:    Relay{Host: "relay.example", Port: 25, User: "user", Password: "secret"},
		timeouts: Timeouts{Command: time.Minute},
		net:      farConn{ours},
		offers:   map[string][]string{"AUTH": {"PLAIN", "LOGIN"}},
	}
	fail := c.auth(t.Context())
	if fail == nil || fail.Outcome != Misconfigured || !strings.Contains(fail.Error(), "in clear") {
		t.Errorf("got %v, want misconfigured", fail)
	}
}
