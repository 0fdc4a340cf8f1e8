package httpd

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// unasked counts the connections whose first request has not been read yet.
// The zero value is ready to use.
type unasked struct{ count atomic.Int64 }

// note counts a new connection, and one that has got any further no more.
func (u *unasked) note(nc net.Conn, state http.ConnState) {
	c := below(nc)
	switch {
	case c == nil: // not accepted by our listener
	case state == http.StateNew:
		u.count.Add(1)
	case !c.asked.Load() && !c.asked.Swap(true):
		u.count.Add(-1)
	}
}

// below returns our connection, which under TLS lies below the library's.
func below(nc net.Conn) *conn {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	c, _ := nc.(*conn)
	return c
}

// wait returns when there are none, or when ctx ends. ReadHeaderTimeout bounds
// it too, once the listener is closed.
func (u *unasked) wait(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for u.count.Load() != 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
