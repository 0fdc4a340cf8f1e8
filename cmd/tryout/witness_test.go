package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
	"tryout/internal/outbox"
)

// witness stands at both ends of delivery: it is asked by the outbox whether an
// invitation is still wanted, and it is the relay that the invitation goes to.
type witness struct {
	outbox.Author
	relay mail.Relay
	first func(n int) // called when it is first asked about a tester

	mu      sync.Mutex
	courses []course
	flying  map[int]bool // asked about, and not taken yet
	most    int          // of them at once
}

// course is what happened to a tester and their invitation.
type course struct {
	asked   time.Time // when it was last asked whether it is wanted
	begun   time.Time // when the relay heard its MAIL FROM
	removed time.Time // when the 204 was there
	taken   int       // copies
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{courses: make([]course, removals), flying: map[int]bool{}}
	watch := mailtest.New(t)
	watch.Every = 100 // as is enough in a race
	server := smtp.NewServer(watch.Backend(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &heard{witness: w}, nil })))
	server.Domain = "relay.invalid"
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	if w.relay, err = mail.ParseRelay("smtp://" + l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return w
}

// Letter implements outbox.Author.
func (w *witness) Letter(ctx context.Context, m beta.Mail) (l beta.Letter, wanted bool, err error) {
	if m.Kind != beta.InvitationMail {
		return w.Author.Letter(ctx, m)
	}
	n := numberOf(m.To.Key)
	if isFirst := w.ask(n, time.Now()); isFirst {
		w.first(n)
	}
	l, wanted, err = w.Author.Letter(ctx, m)
	if wanted {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.flying[n] = true
		w.most = max(w.most, len(w.flying))
	}
	return l, wanted, err
}

func (w *witness) ask(n int, now time.Time) (first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first = w.courses[n].asked.IsZero()
	w.courses[n].asked = now
	return first
}

func (w *witness) removed(n int, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.courses[n].removed = now
}

func numberOf(address string) (n int) {
	if _, err := fmt.Sscanf(address, "t%d@race.test", &n); err != nil {
		panic(err)
	}
	return n
}

// heard is a conversation of the relay's.
type heard struct {
	*witness
	begun time.Time
	to    int
}

func (*heard) Reset()        {}
func (*heard) Logout() error { return nil }

func (h *heard) Mail(string, *smtp.MailOptions) error {
	h.begun = time.Now()
	return nil
}

func (h *heard) Rcpt(to string, _ *smtp.RcptOptions) error {
	h.to = numberOf(to)
	return nil
}

// Data takes an invitation, the first mail to a tester, and what else comes.
func (h *heard) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, rest, _ := bytes.Cut(data, []byte("Message-ID: <"))
	name, _, _ := bytes.Cut(rest, []byte(">"))
	if id, _, ok := mail.ParseMessageID(string(name)); ok && id.Seq == 1 {
		delete(h.flying, h.to)
		c := &h.courses[h.to]
		c.begun = h.begun
		c.taken++
	}
	return nil
}
