package httpd

import "net"

// room is how much of an answer package http gathers by itself.
const room = 4 << 10

// gather joins what one Write of an answer becomes. Package http sends an answer
// that is larger than its buffer in two parts, the header with the beginning of
// the body and then the rest: two system calls, and a client that is woken twice.
type gather struct {
	on    bool
	begun []byte // what waits for the rest; nil until needed
}

// gather holds back the first part of what is written until flush.
func (c *conn) gather() {
	if c != nil {
		c.parts.on = true
	}
}

// flush writes what is held back still, and holds back nothing more.
func (c *conn) flush() error {
	if c == nil {
		return nil
	}
	c.parts.on = false
	_, err := c.send(nil)
	return err
}

// send writes b behind what is held back, or holds it back itself.
func (c *conn) send(b []byte) (int, error) {
	p := &c.parts
	switch {
	case p.on && len(p.begun) == 0 && len(b) <= room:
		p.begun = append(p.begun, b...)
		return len(b), nil
	case len(p.begun) == 0 && len(b) == 0:
		return 0, nil
	case len(p.begun) == 0:
		return c.TCPConn.Write(b)
	}
	held := len(p.begun)
	n, err := (&net.Buffers{p.begun, b}).WriteTo(c.TCPConn)
	p.begun = p.begun[:0]
	return max(0, int(n)-held), err
}
