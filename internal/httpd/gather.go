package httpd

import "net"

// room is how much of an answer package http gathers by itself.
const room = 4 << 10

// gather joins what a body that is written at once becomes. Package http sends
// an answer that is larger than its buffer in parts, the header with the
// beginning of the body and then the rest: several system calls, and a client
// that is woken as often.
type gather struct {
	on   bool
	held net.Buffers // the parts so far
	own  []byte      // where those lie that came in package http's buffer
}

// gather holds back what is written until flush. What is larger than room is
// not copied: it must stay as it is.
func (c *conn) gather() {
	if c != nil {
		c.parts.on = true
	}
}

// send writes b, or holds it back.
func (c *conn) send(b []byte) (int, error) {
	p := &c.parts
	if !p.on {
		return c.TCPConn.Write(b)
	}
	n := len(b)
	if n <= room { // package http's buffer, which it will use again
		p.own = append(p.own, b...)
		b = p.own[len(p.own)-n:]
	}
	p.held = append(p.held, b)
	return n, nil
}

// flush writes what is held back, and holds back nothing more. Package http does
// not hear of it when that fails: half an answer ends its connection.
func (c *conn) flush() (err error) {
	if c == nil {
		return nil
	}
	p := &c.parts
	switch out := p.held; len(out) {
	case 0:
	case 1:
		_, err = c.TCPConn.Write(out[0])
	default:
		_, err = out.WriteTo(c.TCPConn)
	}
	clear(p.held)
	p.on, p.held, p.own = false, p.held[:0], p.own[:0]
	if err != nil {
		_ = c.Close() // err is what to tell
	}
	return err
}
