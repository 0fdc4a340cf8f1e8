package mail_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tryout/internal/mail"
)

// afterRefusal is a client of a relay that refused the first mail, and takes any
// other.
func afterRefusal(t testing.TB, s *script) *mail.Client {
	t.Helper()
	refuses := true
	s.turn = func(_ int, step string) string {
		switch {
		case step == "RSET":
			refuses = false
		case refuses && (step == "RCPT TO" || step == "DATA"):
			return "550 5.1.1 no such user"
		}
		return ""
	}
	c := client(t, s.relayOf(t))
	if s.answers["RSET"] == stall {
		c.Timeouts.Command = 250 * time.Millisecond
	}
	refused(t, c, note())
	return c
}

func TestTheNextMailDoesNotPayForABrokenReset(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{stall, cut, "nonsense", "354 go on", "451 4.3.0 later", "421 4.3.2 bye", "550 5.5.1 no"} {
		for _, extension := range []string{"8BITMIME", "PIPELINING"} {
			s := &script{extensions: []string{extension}, answers: map[string]string{"RSET": answer}}
			c := afterRefusal(t, s)
			asked := 0
			reply, err := c.Send(within(t), func() (mail.Message, error) { asked++; return note(), nil }, nil)
			if conns, _, _ := s.seen(); err != nil || reply.Code != 250 || conns != 2 || asked != 1 {
				t.Errorf("%q, %s: got %v, %v over %d connections, asked for %d times; want 250 over 2, once", answer, extension, reply, err, conns, asked)
			}
		}
	}
}

func TestBreakingOffAtResetIsNoFaultOfTheMail(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{answers: map[string]string{"RSET": stall}, heard: func(step, _ string) {
		if step == "RSET" {
			cancel()
		}
	}}
	_, err := afterRefusal(t, s).Send(ctx, written(note()), nil)
	var fail *mail.Failure
	if conns, _, _ := s.seen(); !errors.As(err, &fail) || fail.Outcome != mail.Cut || fail.Step != "RSET" || conns != 1 {
		t.Errorf("got %v over %d connections, want cut at RSET over 1", err, conns)
	}
}
