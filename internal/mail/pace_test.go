package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/mail"
)

const limit = time.Minute // for each answer

// paced is a client, in a bubble, whose relay takes a while for each answer;
// the first is the banner.
func paced(t *testing.T, extension string, while func(n int) time.Duration) *mail.Client {
	var relay sync.WaitGroup
	t.Cleanup(relay.Wait)
	n := -1
	s := &script{t: t, extensions: []string{extension}, heard: func(string, string) { n++; time.Sleep(while(n)) }}
	c := client(t, mail.Relay{Host: "relay.example", Port: 25})
	c.Timeouts = mail.Timeouts{Command: limit, Body: limit, Dot: limit}
	c.Dial = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		relay.Go(func() { s.serve(theirs) })
		return ours, nil
	}
	return c
}

func TestEachAnswerHasItsOwnTime(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{"PIPELINING", "8BITMIME"} {
		synctest.Test(t, func(t *testing.T) {
			c := paced(t, extension, func(int) time.Duration { return limit - 1 })
			for range 3 {
				if reply, err := c.Send(t.Context(), written(note()), nil); reply.Code != 250 {
					t.Errorf("%s: got %v, %v, want 250: no answer came too late", extension, reply, err)
				}
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsNone(t *testing.T) {
	t.Parallel()
	for late, step := range []string{"banner", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "end of data"} {
		for _, extension := range []string{"PIPELINING", "8BITMIME"} {
			synctest.Test(t, func(t *testing.T) {
				c := paced(t, extension, func(n int) time.Duration {
					if n == late {
						return limit + 1
					}
					return limit - 1
				})
				_, err := c.Send(t.Context(), written(note()), nil)
				var fail *mail.Failure
				if !errors.As(err, &fail) || fmt.Sprint(fail.Step, ": ", fail.Err) != step+": i/o timeout" {
					t.Errorf("%s: got %v, want no answer at %s", extension, err, step)
				}
			})
		}
	}
}
