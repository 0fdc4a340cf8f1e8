package outbox_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"time"
)

// silent is a relay that holds real dialogues, over pipes so that they take
// virtual time, and at one step falls silent. What it never answered it did not
// take.
type silent struct {
	tls *tls.Config

	mu    sync.Mutex
	step  string          // where it falls silent; empty: nowhere
	open  int             // connections, as the client has them
	most  int             // of them at once
	held  []time.Duration // how long it was waited for, each time
	taken map[string]int  // answered with 250, by recipient
}

// fall says where to fall silent from now on.
func (s *silent) fall(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
}

// seen returns what was seen so far.
func (s *silent) seen() (open, most int, held []time.Duration, taken map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.most, append(held, s.held...), maps.Clone(s.taken)
}

func (s *silent) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.most = max(s.most, s.open)
}

// serve holds one dialogue.
func (s *silent) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	step, to := "banner", ""
	for s.answer(c, r, step, to) {
		if step == "STARTTLS" {
			if s.isSilentAt("TLS") {
				s.hold(r, time.Now())
				return
			}
			c = tls.Server(c, s.tls)
			r = bufio.NewReader(c)
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if address, is := strings.CutPrefix(line, "RCPT TO:<"); is {
			to = strings.TrimRight(address, ">\r\n")
		}
		if step != "DATA" {
			step = strings.Fields(line)[0]
			continue
		}
		for err == nil && line != ".\r\n" {
			line, err = r.ReadString('\n')
		}
		step = "dot"
	}
}

// answer answers a step and reports whether another follows.
func (s *silent) answer(c net.Conn, r io.Reader, step, to string) (more bool) {
	begun := time.Now()
	words := s.words(step)
	if s.isSilentAt(step) {
		for i := 0; step == "banner" && i < len(words); i++ { // a byte a second
			if _, err := io.WriteString(c, words[i:i+1]); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		s.hold(r, begun)
		return false
	}
	if step == "dot" {
		s.mu.Lock()
		s.taken[to]++
		s.mu.Unlock()
	}
	_, err := io.WriteString(c, words)
	return err == nil && step != "QUIT"
}

func (s *silent) isSilentAt(step string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step == step
}

// hold waits until the client is gone.
func (s *silent) hold(r io.Reader, begun time.Time) {
	io.Copy(io.Discard, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, time.Since(begun))
}

func (s *silent) words(step string) string {
	switch step {
	case "banner":
		return "220 relay.test " + strings.Repeat("welcome ", 10) + "\r\n"
	case "EHLO":
		return "250-relay.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
	case "STARTTLS":
		return "220 go on\r\n"
	case "AUTH":
		return "235 welcome\r\n"
	case "DATA":
		return "354 go on\r\n"
	case "QUIT":
		return "221 bye\r\n"
	}
	return "250 fine\r\n"
}
