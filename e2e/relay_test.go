package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/mailtest"
)

// relay is the mail server that Tryout hands its messages to. It accepts
// everything and keeps a journal.
type relay struct {
	addr string

	mu      sync.Mutex
	journal []message
	faults  []string
	arrived chan struct{} // closed and replaced whenever the journal grows
}

// startRelay returns a relay that is stopped when the test ends. The test fails
// if a message was sent to more than one recipient at a time, or shows the
// address of a tester it was not sent to.
func startRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: listener.Addr().String(), arrived: make(chan struct{})}
	srv := smtp.NewServer(mailtest.New(t).Backend(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{relay: r}, nil
	})))
	srv.Domain = "relay.test"
	go func() {
		if err := srv.Serve(listener); err != nil {
			r.fault("the relay stopped: %v", err)
		}
	}()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		for _, fault := range r.findings() {
			t.Error(fault)
		}
	})
	return r
}

// await returns the nth message to the address, counted from 1, and fails the
// test if it does not come.
func (r *relay) await(t *testing.T, address string, n int) message {
	t.Helper()
	timeout := time.After(patience)
	for {
		got, arrived := r.to(address)
		if len(got) >= n {
			return got[n-1]
		}
		select {
		case <-arrived:
		case <-timeout:
			t.Fatalf("%s got %d messages within %v, want %d", address, len(got), patience, n)
		}
	}
}

// to returns the messages to the address so far, and a channel that is closed
// when the next message to anybody arrives.
func (r *relay) to(address string) ([]message, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []message
	for _, m := range r.journal {
		if m.to == address {
			got = append(got, m)
		}
	}
	return got, r.arrived
}

// counts returns how many messages each address got so far.
func (r *relay) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(map[string]int)
	for _, m := range r.journal {
		counts[m.to]++
	}
	return counts
}

// findings returns what was wrong with the messages so far.
func (r *relay) findings() []string {
	counts := r.counts()
	r.mu.Lock()
	defer r.mu.Unlock()
	findings := slices.Clone(r.faults)
	for _, m := range r.journal {
		for other := range counts {
			if other != m.to && strings.Contains(m.everything, other) {
				findings = append(findings, fmt.Sprintf("the message %q to %s shows %s", m.subject, m.to, other))
			}
		}
	}
	return findings
}

// accept journals one message.
func (r *relay) accept(recipients []string, raw []byte) {
	if len(recipients) != 1 {
		r.fault("a message for %d recipients at once: %q", len(recipients), recipients)
	}
	m, err := parseMessage(raw)
	if err != nil {
		r.fault("a message that cannot be read: %v\n%s", err, raw)
	}
	m.to = recipients[0]

	r.mu.Lock()
	defer r.mu.Unlock()
	r.journal = append(r.journal, m)
	close(r.arrived)
	r.arrived = make(chan struct{})
}

// fault notes what the test is to fail with.
func (r *relay) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// session is one SMTP conversation.
type session struct {
	relay      *relay
	recipients []string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipients = append(s.recipients, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(r); err != nil {
		return err
	}
	s.relay.accept(s.recipients, raw.Bytes())
	return nil
}

func (s *session) Reset() { s.recipients = nil }

func (s *session) Logout() error { return nil }
