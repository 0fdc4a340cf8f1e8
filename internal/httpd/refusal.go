package httpd

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
)

// conn is an accepted connection on which the answers that net/http writes by
// itself, before any handler runs (400, 417, 431, 501, 505), leave as JSON with
// a request id. The library offers no other place to catch them.
//
// Under TLS the library must see its own *tls.Conn, and this one lies below it,
// where all is ciphertext: there those answers stay plain text, but for the one
// to a client that does not speak TLS.
type conn struct {
	*net.TCPConn // embedded for ReadFrom (sendfile) and CloseWrite, which net/http looks for
	edge         *Edge
	client       string      // the peer's IP address, for the log
	asked        atomic.Bool // it has got further than to be new
	answering    atomic.Bool // from when the edge gets a request until its answer is out
	parts        gather
}

type connKey struct{}

// withConn is the server's ConnContext hook: it lets the edge find the connection of a request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// answering tells the connection of r, if it is one of ours, that what it writes
// next comes from the edge. It returns the connection; nil if it is not ours.
func answering(r *http.Request) *conn {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if ok {
		c.answering.Store(true)
	}
	return c
}

// answered tells c that its answer is out: whatever comes before the next request is the library's.
func answered(c net.Conn) {
	if c, ok := c.(*conn); ok {
		c.answering.Store(false)
	}
}

// Write passes b on, unless it is a refusal of the library's, which comes in one Write.
func (c *conn) Write(b []byte) (int, error) {
	if c.answering.Load() || !bytes.HasPrefix(b, []byte("HTTP/1.")) {
		return c.send(b)
	}
	if _, err := c.TCPConn.Write(c.edge.refuse(statusIn(b), c.client)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// statusIn reads the status of an answer ("HTTP/1.1 431 ..."); 400 if there is none.
func statusIn(answer []byte) int {
	const begin, end = len("HTTP/1.1 "), len("HTTP/1.1 431")
	if len(answer) >= end {
		if status, err := strconv.Atoi(string(answer[begin:end])); err == nil {
			return status
		}
	}
	return http.StatusBadRequest
}

// refuse returns the answer to a request that net/http could not read, and leaves a log line and metrics like any other.
func (e *Edge) refuse(status int, client string) []byte {
	ev := e.begin("OTHER", client)
	body := e.body(status)
	ev.answer.status, ev.answer.bytes = status, int64(len(body))
	e.end(ev)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n%s: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), idHeader, ev.id[0], len(body), body)
}
