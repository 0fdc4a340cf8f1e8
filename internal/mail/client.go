package mail

import (
	"context"
	"crypto/tls"
	"errors"
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
	Dial     Dial        // nil is the network

	mu     sync.Mutex
	idle   []*conn // the one used last at the end
	closed bool
}

// Dial connects to an address as [net.Dialer.DialContext] does.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Send hands a message to the relay: over an idle connection where there is
// one, else over a new one. On success it returns the relay's last answer. It is
// safe for concurrent use; each call in flight has a connection of its own.
//
// The message is what write returns. It is called when nothing stands between it
// and MAIL FROM any more, so that whoever writes can decide at the last moment.
// Then begin is called, once the relay waits for the text: from there on it may
// be taken. Where begin fails, nothing is sent and the connection closed, since
// nothing but the text could be said on it. A nil begin lets every message go.
// An error of write or begin is returned as it is; any other is a [*Failure].
//
// When ctx ends before the message itself is begun, the dialogue is broken off
// (Cut). From then on it is finished, within Timeouts.Body and Timeouts.Dot, so
// that the outcome is known.
//
// A connection that the relay has closed while it was idle, or on which it does
// not agree to RSET, is not held against the message: Send then dials once, and
// asks write again.
func (c *Client) Send(ctx context.Context, write func() (Message, error), begin func(context.Context) error) (Reply, error) {
	if open := c.take(); open != nil {
		reply, err := c.deliver(ctx, open, write, begin)
		var fail *Failure
		if !errors.As(err, &fail) || !open.isSpent(fail) || ctx.Err() != nil {
			return reply, err
		}
	}
	fresh, fail := c.connect(ctx)
	if fail != nil {
		return fail.Reply, fail
	}
	return c.deliver(ctx, fresh, write, begin)
}

// deliver makes one transaction and keeps the connection if it can, also when
// write panics.
func (c *Client) deliver(ctx context.Context, cn *conn, write func() (Message, error), begin func(context.Context) error) (Reply, error) {
	defer c.keep(cn)
	if fail := cn.reset(ctx); fail != nil {
		return fail.Reply, fail
	}
	m, err := write()
	if err != nil {
		return Reply{}, err
	}
	fail := check(m)
	if fail != nil {
		fail.Reply.Relay = c.Relay.Addr()
		return fail.Reply, fail
	}
	if fail := cn.envelope(ctx, m); fail != nil {
		return fail.Reply, fail
	}
	if begin != nil {
		cn.broken = true // until it agrees: only the text can be said now
		if err := begin(ctx); err != nil {
			return Reply{}, err
		}
		cn.broken = false
	}
	reply, fail := cn.text(ctx, m)
	if fail != nil {
		return fail.Reply, fail
	}
	return reply, nil
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
	cn := c.newConn()
	if c.isClosed() {
		return nil, &Failure{Cut, stepConnect, Reply{Relay: cn.addr}, net.ErrClosed}
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

// newConn returns a connection that is still to be dialed.
func (c *Client) newConn() *conn {
	return &conn{relay: c.Relay, addr: c.Relay.Addr(), timeouts: c.Timeouts.orDefault(), dialer: c.Dial}
}
