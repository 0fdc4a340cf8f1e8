package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"time"
)

// conn is one connection of the generator. It does as little as can be done, so
// that what is measured is the server: requests are bytes, and of an answer
// only what Go's servers write is understood, the status and Content-Length.
type conn struct {
	net.Conn
	buf []byte
}

// patience is how long anything may take before a run gives up.
const patience = time.Minute

func dial(addr string) (*conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c, make([]byte, 128<<10)}, c.SetDeadline(time.Now().Add(patience))
}

// dialAll opens n connections; after an error none is left open.
func dialAll(addr string, n int) (conns conns, err error) {
	for range n {
		c, err := dial(addr)
		if err != nil {
			conns.Close()
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

type conns []*conn

func (list conns) Close() {
	for _, c := range list {
		c.Close()
	}
}

// ask sends a request and returns the body of the answer, valid until the next.
// Any answer but a good one is an error.
func (c *conn) ask(request []byte) ([]byte, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	have, head := 0, -1
	for head < 0 {
		n, err := c.Read(c.buf[have:])
		if err != nil {
			return nil, err
		}
		have += n
		head = bytes.Index(c.buf[:have], []byte("\r\n\r\n"))
	}
	end := head + 4 + contentLength(c.buf[:head])
	for have < end {
		n, err := c.Read(c.buf[have:])
		if err != nil {
			return nil, err
		}
		have += n
	}
	return c.judge(c.buf[head+4 : end])
}

func (c *conn) judge(body []byte) ([]byte, error) {
	if c.buf[len("HTTP/1.1 ")] != '2' {
		return nil, fmt.Errorf("answer %s: %s", c.buf[:len("HTTP/1.1 200")], body)
	}
	return body, nil
}

func contentLength(head []byte) int {
	_, rest, _ := bytes.Cut(head, []byte("Content-Length: "))
	digits, _, _ := bytes.Cut(rest, []byte("\r"))
	n, _ := strconv.Atoi(string(digits)) // none: no body, a 204
	return n
}
