package mail_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"tryout/internal/mail"
)

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

func TestSilenceAtEachStepHasItsClass(t *testing.T) {
	t.Parallel()
	for _, row := range matrix[:8] { // all but QUIT: nobody waits for that for long
		for _, extension := range []string{"PIPELINING", "8BITMIME"} {
			t.Run(row.step+"/"+extension, func(t *testing.T) {
				t.Parallel()
				fail := refused(t, trouble(t, row.step, stall, extension), note())
				if fail.Outcome != row.silent || fail.Step != row.step || fail.Reply.Code != 0 {
					t.Errorf("got %v at %s (%v), want %v at %s", fail.Outcome, fail.Step, fail, row.silent, row.step)
				}
			})
		}
	}
}

func TestAnAnswerToSomethingElseIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, row := range matrix[:8] {
		answer := "354 go on"
		if row.step == "DATA" {
			answer = "250 fine"
		}
		c := trouble(t, row.step, answer, "PIPELINING")
		for range 2 { // what is out of step does not stay so: the second has a new connection
			if fail := refused(t, c, note()); fail.Outcome != row.garbled || fail.Step != row.step {
				t.Errorf("%q at %s: got %v (%v), want %v", answer, row.step, fail.Outcome, fail, row.garbled)
			}
		}
	}
}

func TestTheFirstRefusalOfAnEnvelopeCounts(t *testing.T) {
	t.Parallel()
	for step, c := range map[string]struct {
		answers map[string]string
		want    mail.Outcome
	}{
		"MAIL FROM": {map[string]string{"MAIL FROM": "550 5.7.1 not you", "RCPT TO": "450 4.5.1 MAIL first", "DATA": "450 4.5.1 RCPT first"}, pause},
		"RCPT TO":   {map[string]string{"RCPT TO": "550 5.1.1 no such user", "DATA": "554 5.5.1 no recipients"}, failed},
	} {
		s := &script{extensions: []string{"PIPELINING"}, answers: c.answers}
		fail := refused(t, client(t, s.relayOf(t)), note())
		if fail.Step != step || fail.Outcome != c.want {
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
	m.Data = append([]byte(noteHead), make([]byte, 32<<20)...)
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
