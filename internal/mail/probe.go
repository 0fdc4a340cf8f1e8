package mail

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
)

// Probe is what a relay shows before any mail.
type Probe struct {
	Reached net.Addr             // whom we spoke to; nil when nobody was reached
	TLS     *tls.ConnectionState // nil means in clear
	Size    int64                // the largest message in octets; zero when it says nothing about that
}

// Probe connects to the relay and goes as far as a mail from an address would
// before it has a recipient: banner, EHLO, TLS, AUTH, MAIL FROM; without an
// address not to MAIL FROM. It sends no mail and keeps no connection. An error
// is a [*Failure], and comes with what was seen before it.
func (c *Client) Probe(ctx context.Context, from string) (Probe, error) {
	cn := c.newConn()
	if err := cn.dial(ctx); err != nil {
		return Probe{}, cn.fail(stepConnect, err)
	}
	defer cn.quit()
	if fail := cn.open(ctx, c.Hello, c.TLS); fail != nil {
		return cn.probe(), fail
	}
	if from == "" {
		return cn.probe(), nil
	}
	if fail := check(Message{From: from, To: from}); fail != nil {
		return cn.probe(), fail
	}
	if fail := cn.say(ctx, command{stepMail, "MAIL FROM:<" + from + ">", 2}); fail != nil {
		return cn.probe(), fail
	}
	return cn.probe(), nil
}

func (c *conn) probe() Probe {
	p := Probe{Reached: c.line.RemoteAddr()}
	if secure, is := c.net.(*tls.Conn); is {
		state := secure.ConnectionState()
		p.TLS = &state
	}
	if size := c.offers["SIZE"]; len(size) > 0 {
		p.Size, _ = strconv.ParseInt(size[0], 10, 64) // what is no number says nothing
	}
	return p
}
