package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/inbox"
)

// open returns an inbox that closes with the test.
func open(t testing.TB) *inbox.Inbox {
	t.Helper()
	i, err := inbox.Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return i
}

// send hands a message over by SMTP; LF ends its lines.
func send(t testing.TB, i *inbox.Inbox, data string, to ...string) {
	t.Helper()
	if len(to) == 0 {
		to = []string{"ada@example.org"}
	}
	data = strings.ReplaceAll(data, "\n", "\r\n")
	if err := smtp.SendMail(i.Addr().String(), nil, "beta@tryout.example", to, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// next waits for a message.
func next(t testing.TB, i *inbox.Inbox, after int) inbox.Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m, err := i.Next(ctx, after)
	if err != nil {
		t.Fatalf("Next(%d): %v", after, err)
	}
	return m
}

func TestAMessageIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, "Subject: Hello\n\n.dot\nHello.\n", "ada@example.org", "bob@example.org")
	m := next(t, i, 0)
	if m.ID != 1 || m.From != "beta@tryout.example" || !slices.Equal(m.To, []string{"ada@example.org", "bob@example.org"}) || m.At.IsZero() {
		t.Errorf("got %+v", m)
	}
	if want := "Subject: Hello\r\n\r\n.dot\r\nHello.\r\n"; string(m.Data) != want {
		t.Errorf("got %q, want %q", m.Data, want)
	}
}

func TestNextWaitsForTheFirstMessageAfter(t *testing.T) {
	t.Parallel()
	i := open(t)
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			if m := next(t, i, n); m.ID != n+1 {
				t.Errorf("Next(%d): got message %d", n, m.ID)
			}
		})
	}
	for n := range 3 {
		send(t, i, fmt.Sprintf("Subject: %d\n\n\n", n))
	}
	wg.Wait()
}

func TestNextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t).Next(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
}

func TestOnlyTheNewestMessagesAreHeld(t *testing.T) {
	t.Parallel()
	i := open(t)
	c, err := smtp.Dial(i.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 1003 {
		for _, err := range []error{c.Mail("a@b.c"), c.Rcpt("d@e.f")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	got := i.Messages()
	if len(got) != 1000 || got[0].ID != 4 || got[999].ID != 1003 {
		t.Errorf("got %d messages, %d to %d, want 1000, 4 to 1003", len(got), got[0].ID, got[len(got)-1].ID)
	}
	if m := next(t, i, 1); m.ID != 4 {
		t.Errorf("Next(1): got %d, want 4, the oldest held", m.ID)
	}
}

func TestLargeMessagesMakeRoomByOctets(t *testing.T) {
	t.Parallel()
	i := open(t)
	big := "Subject: big\n\n" + strings.Repeat(strings.Repeat("x", 70)+"\n", 14_000) // 1 MB, and 1 MB of text
	for range 20 {
		send(t, i, big)
	}
	if n := len(i.Messages()); n < 10 || n > 16 {
		t.Errorf("got %d messages of 2 MB held, want 32 MiB of them", n)
	}
}

func TestAMessageThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	i := open(t)
	err := smtp.SendMail(i.Addr().String(), nil, "a@b.c", []string{"d@e.f"}, []byte(strings.Repeat("123456\r\n", 1<<17+1)))
	if err == nil || !strings.HasPrefix(err.Error(), "552") || len(i.Messages()) != 0 {
		t.Errorf("got %v and %d messages, want 552", err, len(i.Messages()))
	}
}

func TestAClosedInboxTakesNoMailAndStillShowsIt(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, "Subject: Hello\n\n\n")
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if err := smtp.SendMail(i.Addr().String(), nil, "a@b.c", []string{"d@e.f"}, nil); err == nil {
		t.Error("mail was taken after Close")
	}
	if n := len(i.Messages()); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}
}
