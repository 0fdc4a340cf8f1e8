package mail_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

// What a scripted relay does instead of answering, or after it. The empty answer
// says nothing, and the next command is read.
const (
	cut   = "\x00cut"   // ends the connection
	torn  = "\x00torn"  // ends it in the middle of the line
	stall = "\x00stall" // says nothing until the client is gone
)

// script is a relay that answers each step with what it was told to. It keeps
// what it heard.
type script struct {
	extensions []string
	answers    map[string]string               // by step; a missing one agrees
	heard      func(step, line string)         // called before a step is answered; nil is allowed
	turn       func(n int, step string) string // the answer by number of the step, over answers; "" has none

	t        testing.TB // fails at a message for another than its To, or for several
	mu       sync.Mutex
	conns    int
	commands []string
	messages []string
}

// relayOf starts the script.
func (s *script) relayOf(t testing.TB) mail.Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			s.mu.Unlock()
			wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return relayAt(l.Addr())
}

func relayAt(a net.Addr) mail.Relay {
	return mail.Relay{Host: "127.0.0.1", Port: a.(*net.TCPAddr).Port}
}

// serve holds one dialogue.
func (s *script) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	step, line := "banner", ""
	var from bool // MAIL FROM was taken
	var to []string
	for n := 0; ; n++ {
		answer, tear := strings.CutSuffix(s.answer(n, step, line), torn)
		answer, hangUp := strings.CutSuffix(answer, cut)
		answer, hang := strings.CutSuffix(answer, stall)
		if answer != "" && !tear {
			answer += "\r\n"
		}
		io.WriteString(c, answer)
		if hang {
			io.Copy(io.Discard, r)
		}
		if hang || hangUp || tear {
			return
		}
		switch {
		case step == "MAIL FROM":
			from, to = strings.HasPrefix(answer, "2"), nil
		case step == "RCPT TO" && from && strings.HasPrefix(answer, "2"):
			to = append(to, strings.TrimSuffix(strings.TrimPrefix(line, "RCPT TO:<"), ">"))
		}
		var ok bool
		if step == "DATA" && strings.HasPrefix(answer, "354") {
			step = "end of data"
			line, ok = s.body(r, to)
		} else {
			line, ok = read(r)
			step = stepOf(line)
		}
		if !ok {
			return
		}
	}
}

// read reads one command.
func read(r *bufio.Reader) (string, bool) {
	line, err := r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err == nil
}

// body reads a message and keeps it.
func (s *script) body(r *bufio.Reader, to []string) (string, bool) {
	body, ok := laxly(r)
	if !ok {
		return "", false
	}
	if givenUp := len(to) == 0 && body == ".\r"; !givenUp {
		if err := mailtest.Addressed(to, []byte(body)); err != nil {
			s.t.Errorf("%v in\n%.2000s", err, body)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, body)
	return "", true
}

// laxly reads a message as the laxest relay does: CR and LF alone end a line
// too, and a dot alone on such a line ends the message.
func laxly(r *bufio.Reader) (string, bool) {
	var body, line strings.Builder
	for {
		b, err := r.ReadByte()
		if err != nil {
			return "", false
		}
		body.WriteByte(b)
		if b != '\r' && b != '\n' {
			line.WriteByte(b)
			continue
		}
		if line.String() == "." {
			if next, err := r.Peek(1); b == '\r' && err == nil && next[0] == '\n' {
				r.Discard(1)
			}
			return body.String(), true
		}
		line.Reset()
	}
}

// stepOf names the step that a command is: MAIL FROM and RCPT TO in full.
func stepOf(line string) string {
	verb, _, _ := strings.Cut(line, ":")
	if verb == "MAIL FROM" || verb == "RCPT TO" {
		return verb
	}
	verb, _, _ = strings.Cut(verb, " ")
	return verb
}

func (s *script) answer(n int, step, line string) string {
	if s.heard != nil {
		s.heard(step, line)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, line)
	if s.turn != nil {
		if answer := s.turn(n, step); answer != "" {
			return answer
		}
	}
	if answer, found := s.answers[step]; found {
		return answer
	}
	switch step {
	case "banner":
		return "220 relay.example"
	case "EHLO":
		return "250-relay.example\r\n250-" + strings.Join(append(slices.Clone(s.extensions), "X-OTHER"), "\r\n250-") + "\r\n250 HELP"
	case "DATA":
		return "354 go on"
	case "AUTH":
		return "235 2.7.0 welcome"
	case "QUIT":
		return "221 2.0.0 bye" + cut
	}
	return "250 2.0.0 fine"
}

func (s *script) seen() (conns int, commands, messages []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns, slices.Clone(s.commands), slices.Clone(s.messages)
}

// client returns one for a relay.
func client(t testing.TB, r mail.Relay) *mail.Client {
	t.Helper()
	c := &mail.Client{Relay: r, Hello: "tryout.example"}
	t.Cleanup(func() { c.Close() })
	return c
}

// The header of a note but for its type, and that of a part of it.
const (
	noteHead = "Date: Tue, 03 Feb 2026 12:00:00 +0000\r\nFrom: <beta@tryout.example>\r\nTo: <ada@example.org>\r\nSubject: Hello\r\n" +
		"Message-ID: <1@tryout.example>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	notePart = "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: "
)

// note is a message that may be sent.
func note() mail.Message {
	return mail.Message{ID: "1@tryout.example", From: "beta@tryout.example", To: "ada@example.org", Data: []byte(noteHead +
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b" + notePart + "text/plain; charset=utf-8\r\n\r\nHello.\r\n--b" +
		notePart + "text/html; charset=utf-8\r\n\r\n<p>Hello.</p>\r\n--b--\r\n")}
}

// written is a message that is there already.
func written(m mail.Message) func() (mail.Message, error) {
	return func() (mail.Message, error) { return m, nil }
}

// refused sends a message that must fail, and returns why it did.
func refused(t testing.TB, c *mail.Client, m mail.Message) *mail.Failure {
	t.Helper()
	_, err := c.Send(within(t), written(m), nil)
	var fail *mail.Failure
	if !errors.As(err, &fail) {
		t.Fatalf("Send: got %v, want a Failure", err)
	}
	return fail
}

// sent sends a message that must be taken.
func sent(t testing.TB, c *mail.Client, m mail.Message) mail.Reply {
	t.Helper()
	reply, err := c.Send(within(t), written(m), nil)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return reply
}

// within is a context that ends a test that hangs.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
