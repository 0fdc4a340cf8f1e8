package httpd

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// quiet is for how long nobody must have been waiting before the listener closes.
const quiet = 50 * time.Millisecond

// listener closes without losing connections that the kernel has accepted for
// it: closing a listening socket resets every one still in its queue.
type listener struct {
	*net.TCPListener
	edge *Edge
	last atomic.Pointer[time.Time] // when accepting ends, come what may; nil until finish
}

func openListener(addr string, edge *Edge) (*listener, error) {
	var c net.ListenConfig
	c.SetMultipathTCP(false) // Go's default on Linux; such a socket takes no filter
	l, err := c.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err // which says "listen" itself
	}
	return &listener{TCPListener: l.(*net.TCPListener), edge: edge}, nil
}

// finish makes Accept fail soon: when everyone who had connected has been
// accepted. Callers of the next moments are not refused but not heard, and try
// again by themselves a second later (on Linux; elsewhere they may be lost).
// Handshakes already under way have until settled to end: a client far away
// believes itself connected half a round trip before we know of it.
func (l *listener) finish(settled time.Time) {
	if err := ignoreHandshakes(l.TCPListener); err != nil {
		l.edge.log.Debug("new connections may be reset while the listener closes", "err", err)
	}
	last := settled.Add(10 * quiet)
	l.last.Store(&last)
	_ = l.SetDeadline(settled) // fails on a closed listener only, where Accept fails too
}

// Accept returns the next connection. After finish it fails with net.ErrClosed
// once a whole quiet moment has passed with nobody there.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c, err = l.acceptLast()
	}
	if err != nil {
		l.report(err)
		return nil, err
	}
	return &conn{TCPConn: c, edge: l.edge, client: addrText(parseAddr(c.RemoteAddr().String()))}, nil
}

// acceptLast tries once more after a deadline. A deadline that has passed says
// nothing about the queue: package net then does not even look.
func (l *listener) acceptLast() (*net.TCPConn, error) {
	now := time.Now()
	if now.After(*l.last.Load()) {
		return nil, net.ErrClosed
	}
	_ = l.SetDeadline(now.Add(quiet))
	c, err := l.AcceptTCP()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, net.ErrClosed // not the timeout, after which package http would try again
	}
	return c, err
}

// report says what keeps connections out, above all a lack of file descriptors:
// package http, which tries again, says it where only a debugger reads.
func (l *listener) report(err error) {
	if !errors.Is(err, net.ErrClosed) {
		l.edge.log.Warn("accept", "err", err)
	}
}
