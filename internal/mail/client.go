package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// Client hands messages to one relay over connections that it keeps open. Set
// the fields before the first use; they are not changed afterwards.
type Client struct {
	Relay    Relay
	Hello    string      // the name we give at EHLO; empty means localhost
	Timeouts Timeouts    // zero fields have defaults
	TLS      *tls.Config // nil trusts the system's roots; the server's name is always the relay's host

	mu     sync.Mutex
	idle   []*conn // the one used last at the end
	closed bool
}

// Send hands a message to the relay: over an idle connection where there is
// one, else over a new one. On success it returns the relay's last answer.
// The error is always a [*Failure]. It is safe for concurrent use; each call
// in flight has a connection of its own.
//
// When ctx ends before the message itself is begun, the dialogue is broken off
// (Cut). From then on it is finished, within Timeouts.Body and Timeouts.Dot, so
// that the outcome is known.
//
// A connection that the relay has closed while it was idle is not held against
// the message: Send then dials once.
func (c *Client) Send(ctx context.Context, m Message) (Reply, error) {
	if fail := check(m); fail != nil {
		fail.Reply.Relay = c.Relay.Addr()
		return fail.Reply, fail
	}
	if open := c.take(); open != nil {
		reply, fail := c.deliver(ctx, open, m)
		if fail == nil {
			return reply, nil
		}
		if !open.stale || fail.Outcome != Cut || ctx.Err() != nil {
			return fail.Reply, fail
		}
	}
	fresh, fail := c.connect(ctx)
	if fail != nil {
		return fail.Reply, fail
	}
	reply, fail := c.deliver(ctx, fresh, m)
	if fail != nil {
		return fail.Reply, fail
	}
	return reply, nil
}

// deliver makes one transaction and keeps the connection if it can.
func (c *Client) deliver(ctx context.Context, cn *conn, m Message) (Reply, *Failure) {
	reply, fail := cn.transact(ctx, m)
	cn.dirty = fail != nil
	c.keep(cn)
	return reply, fail
}

// check refuses a message whose envelope would say more than one address.
func check(m Message) *Failure {
	if err := checkAddress(m.From); err != nil {
		return &Failure{Outcome: Misconfigured, Step: stepMail, Err: fmt.Errorf("the sender's address %w", err)}
	}
	if err := checkAddress(m.To); err != nil {
		return &Failure{Outcome: Permanent, Step: stepRcpt, Err: fmt.Errorf("the recipient's address %w", err)}
	}
	return nil
}

// connect dials, and brings the connection to where MAIL FROM may be said.
func (c *Client) connect(ctx context.Context) (*conn, *Failure) {
	cn := &conn{relay: c.Relay, timeouts: c.Timeouts.orDefault()}
	if c.isClosed() {
		return nil, &Failure{Cut, stepConnect, Reply{Relay: c.Relay.Addr()}, net.ErrClosed}
	}
	if err := cn.dial(ctx); err != nil {
		return nil, cn.fail(stepConnect, err)
	}
	if fail := cn.open(ctx, c.Hello, c.TLS); fail != nil {
		cn.quit()
		return nil, fail
	}
	return cn, nil
}
