package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// stalling is a relay that goes along up to a step and then says nothing. It
// takes no message.
type stalling struct {
	step     string
	listener net.Listener
	held     chan struct{} // one for each connection that waits

	mu    sync.Mutex
	conns map[net.Conn]bool
	most  int // at once
}

func openStalling(t *testing.T, step string) *stalling {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stalling{step: step, listener: l, held: make(chan struct{}, 1000), conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.know(c, true)
			go s.serve(c)
		}
	}()
	t.Cleanup(s.release)
	return s
}

func (s *stalling) know(c net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.conns, c); open {
		s.conns[c] = true
	}
	s.most = max(s.most, len(s.conns))
}

// release ends everything: who waits waits no longer.
func (s *stalling) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener.Close()
	for c := range s.conns {
		c.Close()
	}
}

// address is what a server is given, with a user where one is needed.
func (s *stalling) address() string {
	if s.step == "AUTH" {
		return "user:secret@" + s.listener.Addr().String()
	}
	return s.listener.Addr().String()
}

// serve goes along until the step.
func (s *stalling) serve(c net.Conn) {
	defer s.know(c, false)
	defer c.Close()
	lines := bufio.NewScanner(c)
	verb, message := "banner", false
	for verb != s.step {
		io.WriteString(c, s.answer(verb))
		message = verb == "DATA"
		for lines.Scan() && message && lines.Text() != "." {
		}
		if verb, _, _ = strings.Cut(lines.Text(), " "); verb == "" {
			return
		}
	}
	s.held <- struct{}{}
	for _, b := range []byte(s.answer("slowly")) {
		if verb != "banner" {
			break
		}
		c.Write([]byte{b})
		time.Sleep(time.Second) // a banner of a byte a second is what this is about
	}
	io.Copy(io.Discard, c)
}

func (s *stalling) answer(verb string) string {
	switch {
	case verb == "banner":
		return "220 relay.invalid\r\n"
	case verb == "slowly":
		return "220 " + strings.Repeat("relay.invalid ", 30)
	case verb == "EHLO" && s.step == "QUIT":
		return "554 not you\r\n" // what makes us say goodbye at once
	case verb == "EHLO":
		return "250-relay.invalid\r\n250-PIPELINING\r\n" + map[string]string{"STARTTLS": "250-STARTTLS\r\n", "AUTH": "250-AUTH PLAIN\r\n"}[s.step] + "250 HELP\r\n"
	case verb == "DATA":
		return "354 go on\r\n"
	}
	return "250 fine\r\n"
}
