package mail_test

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/mail"
)

// The columns of the table below.
const (
	later   = "451 4.3.0 later"
	never   = "550 5.1.1 never"
	closing = "421 4.3.2 bye"
	garbage = "HTTP/1.1 400 Bad Request"
)

// outcomes says what each kind of trouble means at each step.
func outcomes() map[string]map[string]mail.Outcome {
	const (
		T = mail.Temporary
		P = mail.Permanent
		C = mail.Cut
		A = mail.Away
		U = mail.Unknown
		M = mail.Misconfigured
	)
	return map[string]map[string]mail.Outcome{
		"banner":      {later: A, never: M, closing: A, garbage: A, cut: A, stall: A},
		"EHLO":        {later: A, never: M, closing: A, garbage: A, cut: A, stall: A},
		"STARTTLS":    {later: A, never: M, closing: A, garbage: A, cut: A, stall: A},
		"AUTH":        {later: A, never: M, closing: A, garbage: A, cut: A, stall: A},
		"MAIL FROM":   {later: T, never: M, closing: C, garbage: T, cut: C, stall: T},
		"RCPT TO":     {later: T, never: P, closing: C, garbage: T, cut: C, stall: T},
		"DATA":        {later: T, never: P, closing: C, garbage: T, cut: C, stall: T},
		"end of data": {later: T, never: P, closing: C, garbage: U, cut: U, stall: U},
	}
}

// trouble is a client and a relay that answers so at a step.
func trouble(t testing.TB, step, answer string, extensions ...string) *mail.Client {
	s := &script{extensions: append(extensions, "AUTH PLAIN"), answers: map[string]string{step: answer}}
	if step == "STARTTLS" {
		s.extensions = append(s.extensions, "STARTTLS")
	}
	r := s.relayOf(t)
	r.User, r.Password = "user", "secret"
	c := client(t, r)
	switch stalls := strings.HasSuffix(answer, stall); {
	case stalls && step == "end of data":
		c.Timeouts.Dot = 50 * time.Millisecond
	case stalls:
		c.Timeouts.Command = 250 * time.Millisecond
	}
	return c
}

func TestEachTroubleAtEachStepHasItsOutcome(t *testing.T) {
	t.Parallel()
	for step, row := range outcomes() {
		for answer, want := range row {
			for _, extension := range []string{"PIPELINING", "8BITMIME"} {
				t.Run(fmt.Sprintf("%s/%.12q/%s", step, answer, extension), func(t *testing.T) {
					t.Parallel()
					fail := refused(t, trouble(t, step, answer, extension), note())
					if fail.Outcome != want || fail.Step != step {
						t.Errorf("got %v at %s (%v), want %v at %s", fail.Outcome, fail.Step, fail, want, step)
					}
				})
			}
		}
	}
}

func TestEveryCodeAtEveryStepHasTheOutcomeOfItsClass(t *testing.T) {
	t.Parallel()
	for step, row := range outcomes() {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			var now atomic.Int32
			s := &script{extensions: []string{"PIPELINING", "AUTH PLAIN"}}
			if step == "STARTTLS" {
				s.extensions = append(s.extensions, step)
			}
			s.turn = func(_ int, at string) string {
				if at == step {
					return fmt.Sprint(now.Load())
				}
				return ""
			}
			r := s.relayOf(t)
			r.User, r.Password = "user", "secret"
			for code := 400; code < 600; code++ {
				now.Store(int32(code))
				want := row[later]
				switch {
				case code == 421:
					want = row[closing]
				case code == 530 || code == 534 || code == 535 || code == 538:
					want = mail.Misconfigured
				case step == "EHLO" && (code == 500 || code == 502):
					continue // HELO follows
				case code >= 500:
					want = row[never]
				}
				c := &mail.Client{Relay: r}
				fail := refused(t, c, note())
				c.Close()
				if fail.Outcome != want || fail.Step != step || fail.Reply.Code != code {
					t.Errorf("%d at %s: got %v (%v), want %v", code, step, fail.Outcome, fail, want)
				}
			}
		})
	}
}

func TestAnAnswerToSomethingElseIsNoAnswer(t *testing.T) {
	t.Parallel()
	for step, row := range outcomes() {
		answer := "354 go on"
		if step == "DATA" {
			answer = "250 fine"
		}
		c := trouble(t, step, answer, "PIPELINING")
		for range 2 { // what is out of step does not stay so: the second has a new connection
			if fail := refused(t, c, note()); fail.Outcome != row[garbage] || fail.Step != step {
				t.Errorf("%q at %s: got %v (%v), want %v", answer, step, fail.Outcome, fail, row[garbage])
			}
		}
	}
}

func TestTheFirstRefusalOfAnEnvelopeCounts(t *testing.T) {
	t.Parallel()
	for step, answers := range map[string]map[string]string{
		"MAIL FROM": {"MAIL FROM": "550 5.7.1 not you", "RCPT TO": "450 4.5.1 MAIL first", "DATA": "450 4.5.1 RCPT first"},
		"RCPT TO":   {"RCPT TO": "550 5.1.1 no such user", "DATA": "554 5.5.1 no recipients"},
	} {
		s := &script{extensions: []string{"PIPELINING"}, answers: answers}
		fail := refused(t, client(t, s.relayOf(t)), note())
		if fail.Step != step || fail.Outcome != outcomes()[step][never] {
			t.Errorf("got %v at %s, want the refusal at %s", fail.Outcome, fail.Step, step)
		}
	}
}

func TestARelayThatCannotBeReachedIsAway(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "relay.invalid"} {
		fail := refused(t, client(t, mail.Relay{Host: host, Port: 1}), note())
		if fail.Outcome != mail.Away || fail.Step != "connect" || fail.Err == nil {
			t.Errorf("%s: got %v at %s, want away at connect", host, fail.Outcome, fail.Step)
		}
	}
}

// What is the same trouble reads the same: the ledger counts it then.
func TestAFailureNamesNoPortOfOurs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*net.TCPConn).SetLinger(0) // a reset, not an end
			c.Close()
		}
	}()
	c := client(t, relayAt(l.Addr()))
	seen := map[string]bool{}
	for range 10 {
		fail := refused(t, c, note())
		seen[fmt.Sprint(fail.Step, fail.Err)] = true
	}
	if len(seen) > 3 { // reset while it was dialed, read from or written to
		t.Errorf("ten resets read as %v", seen)
	}
}

func TestARefusalDuringTheMessageIsHeard(t *testing.T) {
	t.Parallel()
	s := &script{answers: map[string]string{"DATA": "354 go on\r\n552 5.3.4 too big" + cut}}
	m := note()
	m.Data = make([]byte, 32<<20)
	for i := range m.Data {
		m.Data[i] = "x.\n"[i%3]
	}
	fail := refused(t, client(t, s.relayOf(t)), m)
	if fail.Outcome != mail.Permanent || fail.Reply.Code != 552 {
		t.Errorf("got %v (%v), want permanent with 552", fail.Outcome, fail)
	}
}

func TestAnAnswerIsKeptWholeAndHarmless(t *testing.T) {
	t.Parallel()
	fail := refused(t, trouble(t, "RCPT TO", "550-5.1.1 no such\x1b[31m\r\n550-5.1.1 us\xffer\tä\r\n550 5.1.1 "+string(make([]byte, 10<<10))+"end"), note())
	want := mail.Reply{Relay: fail.Reply.Relay, Code: 550, Enhanced: "5.1.1", Text: "no such [31m us\uFFFDer ä end"}
	if fail.Reply != want {
		t.Errorf("got %#v, want %#v", fail.Reply, want)
	}
}
