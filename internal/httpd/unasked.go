package httpd

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// unasked is the set of connections whose first request has not been read yet.
// The zero value is ready to use.
type unasked struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// note adds a new connection, and takes out one that has got any further.
func (u *unasked) note(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state != http.StateNew {
		delete(u.conns, c)
		return
	}
	if u.conns == nil {
		u.conns = make(map[net.Conn]struct{})
	}
	u.conns[c] = struct{}{}
}

// wait returns when the set is empty, or when ctx ends. ReadHeaderTimeout bounds
// it too, once the listener is closed.
func (u *unasked) wait(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !u.empty() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (u *unasked) empty() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.conns) == 0
}
