package bounce

import (
	"net"
	"sync"
	"time"
)

// gate is a listener that bounds how many connections there are at once, in all
// and from one host, and how long each lasts. One too many is told so and
// closed: it must not keep others waiting.
type gate struct {
	net.Listener

	mu     sync.Mutex
	inside map[*guest]struct{}
	from   map[string]int
	closed bool
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, inside: map[*guest]struct{}{}, from: map[string]int{}}
}

// Accept waits for a connection that may enter.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		c := &guest{Conn: conn, gate: g, host: host}
		if g.enter(c) {
			return c, nil
		}
		conn.Write([]byte("421 4.3.2 Too many connections, try again later\r\n")) // fits any socket's buffer
		conn.Close()
	}
}

// Close lets nobody in any more and closes the connections of who is inside.
func (g *gate) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.inside {
		c.Conn.Close()
	}
	return err
}

func (g *gate) enter(c *guest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.inside) >= maxConns || g.from[c.host] >= maxConnsOfHost {
		return false
	}
	g.inside[c] = struct{}{}
	g.from[c.host]++
	c.end = time.AfterFunc(connTimeout, func() { c.Conn.Close() })
	return true
}

// leave may be called more than once.
func (g *gate) leave(c *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, is := g.inside[c]; !is {
		return
	}
	delete(g.inside, c)
	if g.from[c.host]--; g.from[c.host] == 0 {
		delete(g.from, c.host)
	}
}

// guest is a connection that leaves the gate when it is closed.
type guest struct {
	net.Conn
	gate *gate
	host string
	end  *time.Timer
}

func (c *guest) Close() error {
	c.end.Stop()
	c.gate.leave(c)
	return c.Conn.Close()
}
