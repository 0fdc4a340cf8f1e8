package mail_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tryout/internal/mail"
)

func TestMessagesShareOneConnection(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{"PIPELINING", "8BITMIME"} {
		s := &script{extensions: []string{extension}}
		c := client(t, s.relayOf(t))
		for range 50 {
			if reply := sent(t, c, note()); reply.Code != 250 || reply.Enhanced != "2.0.0" || reply.Text != "fine" || reply.Relay != c.Relay.Addr() {
				t.Fatalf("got %#v", reply)
			}
		}
		if conns, _, messages := s.seen(); conns != 1 || len(messages) != 50 {
			t.Errorf("%s: got %d messages over %d connections, want 50 over 1", extension, len(messages), conns)
		}
	}
}

func TestMessagesInFlightHaveAConnectionEach(t *testing.T) {
	t.Parallel()
	s := &script{extensions: []string{"PIPELINING"}}
	c := client(t, s.relayOf(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				sent(t, c, note())
			}
		})
	}
	wg.Wait()
	if conns, _, messages := s.seen(); conns > 4 || len(messages) != 200 {
		t.Errorf("got %d messages over %d connections, want 200 over at most 4", len(messages), conns)
	}
}

func TestTheEnvelopeIsSentAtOnceWherePipeliningIsOffered(t *testing.T) {
	t.Parallel()
	s := &script{extensions: []string{"PIPELINING"}, answers: map[string]string{
		"MAIL FROM": "", "RCPT TO": "", "DATA": "250 fine\r\n250 fine\r\n354 go on", // no answer before all was heard
	}}
	sent(t, client(t, s.relayOf(t)), note())
}

func TestAConnectionClosedWhileIdleIsNotTheMailsFault(t *testing.T) {
	t.Parallel()
	for name, farewell := range map[string]string{"silently": cut, "with 421": "250 2.0.0 fine\r\n421 4.4.2 idle" + cut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, extension := range []string{"PIPELINING", "8BITMIME"} {
				s := &script{extensions: []string{extension}, answers: map[string]string{"end of data": farewell}}
				if farewell == cut {
					s.answers["end of data"] = "250 2.0.0 fine" + cut
				}
				c := client(t, s.relayOf(t))
				for n := range 10 {
					sent(t, c, note())
					if conns, _, _ := s.seen(); conns != n+1 {
						t.Fatalf("after %d messages: got %d connections", n+1, conns)
					}
				}
			}
		})
	}
}

func TestAStaleConnectionIsReplacedOnce(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.turn = func(n int, step string) string {
		if conns := s.conns; step == "MAIL FROM" && (conns > 1 || n > 4) { // the first message alone gets through
			return cut
		}
		return ""
	}
	c := client(t, s.relayOf(t))
	sent(t, c, note())
	fail := refused(t, c, note())
	if conns, _, _ := s.seen(); fail.Outcome != mail.Cut || conns != 2 {
		t.Errorf("got %v over %d connections, want cut over 2", fail.Outcome, conns)
	}
}

func TestACutAfterTheFirstAnswerIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.turn = func(n int, step string) string {
		if step == "RCPT TO" && n > 4 {
			return cut
		}
		return ""
	}
	c := client(t, s.relayOf(t))
	sent(t, c, note())
	fail := refused(t, c, note())
	if conns, _, _ := s.seen(); fail.Outcome != mail.Cut || fail.Step != "RCPT TO" || conns != 1 {
		t.Errorf("got %v over %d connections, want cut at RCPT TO over 1", fail, conns)
	}
}

func TestAConnectionThatSaid421IsLeft(t *testing.T) {
	t.Parallel()
	s := &script{answers: map[string]string{"RCPT TO": "421 4.3.2 soon down"}}
	c := client(t, s.relayOf(t))
	refused(t, c, note())
	refused(t, c, note())
	if conns, _, _ := s.seen(); conns != 2 {
		t.Errorf("got %d connections, want 2", conns)
	}
}

func TestARefusedMailLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	for _, extensions := range [][]string{{"PIPELINING"}, nil} {
		s := &script{extensions: extensions}
		refuse := true
		s.turn = func(_ int, step string) string {
			if step == "RCPT TO" && refuse {
				refuse = false
				return "550 5.1.1 no such user"
			}
			return ""
		}
		c := client(t, s.relayOf(t))
		if fail := refused(t, c, note()); fail.Outcome != mail.Permanent || fail.Reply.Enhanced != "5.1.1" {
			t.Fatalf("got %v, want permanent", fail)
		}
		sent(t, c, note())
		conns, commands, messages := s.seen()
		if extensions == nil && (conns != 1 || !slices.Contains(commands, "RSET")) {
			t.Errorf("got %d connections and %q, want 1 and a RSET", conns, commands)
		}
		if last := messages[len(messages)-1]; !strings.Contains(last, "Hello.") {
			t.Errorf("the last message is %q", last)
		}
	}
}

func TestDataTakenWithoutARecipientIsEndedEmpty(t *testing.T) {
	t.Parallel()
	s := &script{extensions: []string{"PIPELINING"}, answers: map[string]string{"RCPT TO": "450 4.2.0 later", "end of data": "554 5.5.1 no recipients"}}
	c := client(t, s.relayOf(t))
	for range 3 {
		if fail := refused(t, c, note()); fail.Outcome != mail.Temporary || fail.Step != "RCPT TO" {
			t.Fatalf("got %v, want temporary at RCPT TO", fail)
		}
	}
	conns, _, messages := s.seen()
	if conns != 1 || len(messages) != 3 || slices.ContainsFunc(messages, func(m string) bool { return m != ".\r" }) {
		t.Errorf("got %d connections and messages %q, want 1 and three lone dots", conns, messages)
	}
}

func TestAnEnvelopeThatSaysMoreIsRefused(t *testing.T) {
	t.Parallel()
	s := &script{}
	c := client(t, s.relayOf(t))
	for _, address := range []string{
		"", "ada", "a@b.c\r\nRCPT TO:<eve@b.c>", "a@b.c\nx", "a@b.c> SIZE=1 <", "a@b.c, d@e.f", "a@b.c d@e.f", "a@@b.c", "ä@b.c", `"a b"@b.c`, "a@[127.0.0.1]", "a@b.c\x00",
		strings.Repeat("a", 251) + "@b.c",
	} {
		m := note()
		m.To = address
		if fail := refused(t, c, m); fail.Outcome != mail.Permanent || fail.Step != "RCPT TO" {
			t.Errorf("to %q: got %v, want permanent", address, fail)
		}
		m = note()
		m.From = address
		if fail := refused(t, c, m); fail.Outcome != mail.Misconfigured || fail.Step != "MAIL FROM" {
			t.Errorf("from %q: got %v, want misconfigured", address, fail)
		}
	}
	_, commands, _ := s.seen()
	if slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(c, "MAIL") || strings.HasPrefix(c, "RCPT") }) {
		t.Errorf("got %q, want nothing said of any of them", commands)
	}
}

func TestARelayWithoutEHLOIsGreetedWithHELO(t *testing.T) {
	t.Parallel()
	for _, code := range []int{500, 502} {
		s := &script{answers: map[string]string{"EHLO": fmt.Sprintf("%d what?", code)}}
		sent(t, client(t, s.relayOf(t)), note())
		if _, commands, _ := s.seen(); !slices.Contains(commands, "HELO tryout.example") {
			t.Errorf("%d: got %q, want HELO", code, commands)
		}
	}
}

// What is asked before a message is sent is asked when the relay waits for it:
// on a new connection after all that comes before, and again on the one that
// takes the place of a stale one.
func TestAMessageIsWrittenWhenTheRelayWaitsForIt(t *testing.T) {
	t.Parallel()
	s := &script{extensions: []string{"PIPELINING", "AUTH PLAIN"}, answers: map[string]string{"end of data": "250 2.0.0 fine" + cut}}
	r := s.relayOf(t)
	r.User, r.Password = "user", "secret"
	c := client(t, r)
	for n := range 3 {
		asked := 0
		_, err := c.Send(within(t), func() (mail.Message, error) {
			asked++
			_, commands, messages := s.seen()
			stale := asked == 1 && n > 0 // the relay is gone, and nobody knows yet
			if last := commands[len(commands)-1]; len(messages) != n || !stale && !strings.HasPrefix(last, "AUTH") {
				t.Errorf("message %d: written when %q was the last command and %d messages were sent", n, last, len(messages))
			}
			return note(), nil
		}, nil)
		if err != nil || asked != min(n+1, 2) {
			t.Errorf("message %d: got %v, asked %d times", n, err, asked)
		}
	}
}

func TestWhatIsNotWrittenLeavesTheConnectionAsItWas(t *testing.T) {
	t.Parallel()
	s := &script{extensions: []string{"PIPELINING"}}
	c := client(t, s.relayOf(t))
	unwanted := errors.New("unwanted")
	if _, err := c.Send(within(t), func() (mail.Message, error) { return mail.Message{}, unwanted }, nil); err != unwanted {
		t.Errorf("got %v, want the writer's own error", err)
	}
	func() {
		defer func() { recover() }()
		c.Send(within(t), func() (mail.Message, error) { panic("no words") }, nil)
	}()
	sent(t, c, note())
	conns, commands, messages := s.seen()
	if conns != 1 || len(messages) != 1 || slices.Contains(commands, "RSET") {
		t.Errorf("got %d messages over %d connections, with %q; want 1 over 1", len(messages), conns, commands)
	}
}

// From the text on a message may have been taken. Who has to know of every one
// such is asked when the relay waits for it, and can still say no.
func TestTheTextIsBegunWhenTheRelayWaitsForIt(t *testing.T) {
	t.Parallel()
	for _, extensions := range [][]string{nil, {"PIPELINING"}} {
		s := &script{extensions: extensions}
		c := client(t, s.relayOf(t))
		busy := errors.New("busy")
		for n, want := range []error{nil, busy, nil} {
			_, err := c.Send(within(t), written(note()), func(context.Context) error {
				if _, commands, _ := s.seen(); commands[len(commands)-1] != "DATA" {
					t.Errorf("%v: asked after %q, want DATA", extensions, commands)
				}
				return want
			})
			if err != want {
				t.Errorf("%v: message %d: got %v, want %v", extensions, n, err, want)
			}
		}
		if conns, _, messages := s.seen(); len(messages) != 2 || conns != 2 {
			t.Errorf("%v: got %d messages over %d connections, want 2 over 2: what was not begun leaves a dialogue that cannot go on", extensions, len(messages), conns)
		}
	}
}
