package mail_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tryout/internal/mail"
)

func TestAnIdleConnectionSaysGoodbyeInTime(t *testing.T) {
	t.Parallel()
	quit := make(chan struct{})
	s := &script{heard: func(step, _ string) {
		if step == "QUIT" {
			close(quit)
		}
	}}
	c := client(t, s.relayOf(t))
	c.Timeouts.Idle = time.Millisecond
	sent(t, c, note())
	await(t, quit)
}

func TestCloseSaysGoodbyeAndEndsSending(t *testing.T) {
	t.Parallel()
	s := &script{}
	c := client(t, s.relayOf(t))
	sent(t, c, note())
	c.Close()
	if _, commands, _ := s.seen(); commands[len(commands)-1] != "QUIT" {
		t.Errorf("got %q, want QUIT at the end", commands)
	}
	if fail := refused(t, c, note()); fail.Outcome != mail.Cut {
		t.Errorf("after Close: got %v, want cut", fail.Outcome)
	}
}

func TestCancellingBeforeTheMessageBreaksOff(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"banner", "EHLO", "MAIL FROM", "RCPT TO", "DATA"} {
		ctx, cancel := context.WithCancel(t.Context())
		s := &script{extensions: []string{"PIPELINING"}, answers: map[string]string{step: stall}}
		s.heard = func(at, _ string) {
			if at == step {
				cancel()
			}
		}
		_, err := client(t, s.relayOf(t)).Send(ctx, written(note()), nil)
		var fail *mail.Failure
		if !errors.As(err, &fail) || fail.Outcome != mail.Cut || !errors.Is(err, context.Canceled) {
			t.Errorf("at %s: got %v, want cut by cancelling", step, err)
		}
		if _, _, messages := s.seen(); len(messages) != 0 {
			t.Errorf("at %s: got messages %q", step, messages)
		}
	}
}

func TestCancellingDuringTheMessageFinishesIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{heard: func(step, _ string) {
		if step == "end of data" {
			cancel()
		}
	}}
	reply, err := client(t, s.relayOf(t)).Send(ctx, written(note()), nil)
	if err != nil || reply.Code != 250 {
		t.Errorf("got %v, %v, want 250", reply, err)
	}
}

// await waits for an event.
func await(t testing.TB, event <-chan struct{}) {
	t.Helper()
	select {
	case <-event:
	case <-within(t).Done():
		t.Fatal("it did not happen")
	}
}
