package mailtest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tryout/internal/inbox"
)

// Backend has w see every message before the backend does.
func (w *Watch) Backend(b smtp.Backend) smtp.Backend {
	return smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		inner, err := b.NewSession(c)
		if err != nil {
			return nil, err
		}
		s := &session{Session: inner, watch: w}
		if auth, is := inner.(smtp.AuthSession); is {
			return struct {
				*session
				authority
			}{s, auth}, nil
		}
		return s, nil
	})
}

// authority is what an AuthSession has besides.
type authority interface {
	AuthMechanisms() []string
	Auth(mechanism string) (sasl.Server, error)
}

// session keeps the recipients of a message.
type session struct {
	smtp.Session
	watch *Watch
	to    []string
}

func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	err := s.Session.Rcpt(to, o)
	if err == nil {
		s.to = append(s.to, to)
	}
	return err
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil { // the message was cut
		return err
	}
	s.watch.See(s.to, data)
	return s.Session.Data(bytes.NewReader(data))
}

func (s *session) Reset() {
	s.to = nil
	s.Session.Reset()
}

// Inbox opens an inbox with a Watch, which end with the test.
func Inbox(t testing.TB) (*inbox.Inbox, *Watch) {
	t.Helper()
	box, err := inbox.Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := New(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.follow(ctx, t, box) }()
	t.Cleanup(func() {
		box.Close()
		stop()
		<-done
	})
	return box, w
}

// follow sees the messages of an inbox as they come, and when ctx ends those
// that are left.
func (w *Watch) follow(ctx context.Context, t testing.TB, box *inbox.Inbox) {
	for last := 0; ; last++ {
		m, err := box.Next(ctx, last)
		if err != nil {
			return
		}
		if m.ID != last+1 {
			t.Errorf("the inbox dropped messages %d to %d before they were looked at", last+1, m.ID-1)
			last = m.ID - 1
		}
		w.See(m.To, m.Data)
	}
}
