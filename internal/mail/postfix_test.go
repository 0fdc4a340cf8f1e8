package mail_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

// throughPostfix returns a client of a Postfix that relays to a server.
func throughPostfix(t *testing.T, s *server) (*mail.Client, *mailtest.Postfix) {
	t.Helper()
	s.arrived = make(chan struct{}, 1000)
	next := s.relayOf(t, nil, false)
	p := mailtest.OpenPostfix(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: next.Port})
	c := client(t, relayAt(p.Addr))
	c.TLS = &tls.Config{RootCAs: p.Pool}
	return c, p
}

// await returns what the server got, once that are n messages.
func (s *server) await(t *testing.T, n int) []received {
	t.Helper()
	late := time.After(time.Minute)
	for range n {
		select {
		case <-s.arrived:
		case <-late:
			t.Fatalf("%d messages came within a minute, want %d", len(s.seen()), n)
		}
	}
	return s.seen()
}

// A real relay, 8 connections with STARTTLS: each message is taken under a queue
// id that its log knows, and comes to the receiver behind it, once, verified.
func TestPostfixTakesMailOverSeveralConnections(t *testing.T) {
	t.Parallel()
	const messages, connections = 200, 8
	d := newDKIM(t, true)
	s := &server{lookup: published(d)}
	c, p := throughPostfix(t, s)
	if _, err := c.Probe(within(t), ""); err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	w.Signer = d
	replies := make([]mail.Reply, messages)
	var all sync.WaitGroup
	for n := range connections {
		all.Go(func() {
			for i := n; i < messages; i += connections {
				replies[i] = sent(t, c, addressed(t, w, fmt.Sprintf("t%d@postfix.test", i)))
			}
		})
	}
	all.Wait()
	c.Close()
	var came []string
	for _, m := range s.await(t, messages) {
		came = append(came, m.to)
	}
	slices.Sort(came)
	if n := len(slices.Compact(came)); n != messages {
		t.Errorf("%d different recipients, want %d", n, messages)
	}
	for i, r := range replies {
		if r.QueueID() == "" || r.Code != 250 {
			t.Fatalf("message %d: got %+v, and no queue id", i, r)
		}
		p.Await(r.QueueID() + ": to=<" + fmt.Sprintf("t%d@postfix.test", i) + ">")
	}
	if got := strings.Count(p.Log(), "]: connect from"); got > connections+1 { // and that of Probe
		t.Errorf("%d connections, want %d", got, connections)
	}
	p.Await("starttls=1")
}

// addressed is a letter to an address.
func addressed(t *testing.T, w *mail.Writer, to string) mail.Message {
	t.Helper()
	l := letter(t, beta.InvitationMail)
	l.To = beta.Email{Given: to, Key: to}
	m, err := w.Write(l, noon)
	if err != nil {
		t.Error(err)
	}
	return m
}

// One that is refused and one that is put off do not touch those around them, on
// the same connection, pipelined.
func TestPostfixRefusesOneAndPutsOffOne(t *testing.T) {
	t.Parallel()
	s := &server{}
	c, p := throughPostfix(t, s)
	w := newWriter(t)
	for round := range 3 {
		sent(t, c, addressed(t, w, fmt.Sprintf("t%d@postfix.test", round)))
		for to, want := range map[string]mail.Failure{
			mailtest.Gone:  {Outcome: mail.Permanent, Reply: mail.Reply{Code: 550, Enhanced: "5.1.1", Text: "<" + mailtest.Gone + ">: Recipient address rejected: nobody of this name"}},
			mailtest.Later: {Outcome: mail.Temporary, Reply: mail.Reply{Code: 450, Enhanced: "4.2.1", Text: "<" + mailtest.Later + ">: Recipient address rejected: greylisted"}},
		} {
			got := refused(t, c, addressed(t, w, to))
			want.Reply.Relay, want.Step = p.Addr.String(), "RCPT TO"
			if got.Outcome != want.Outcome || got.Step != want.Step || got.Reply != want.Reply {
				t.Errorf("%s: got %+v, want %+v", to, *got, want)
			}
		}
	}
	c.Close()
	s.await(t, 3)
	p.Await("disconnect")
	if got := strings.Count(p.Log(), "]: connect from"); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

// What one dialogue says before an answer comes: the whole envelope, where it is
// offered (RFC 2920).
func TestPostfixIsGivenTheEnvelopeAtOnce(t *testing.T) {
	t.Parallel()
	s := &server{}
	_, p := throughPostfix(t, s)
	tapped, writes := tap(t, p.Addr)
	c := client(t, tapped)
	sent(t, c, addressed(t, newWriter(t), "t1@postfix.test"))
	c.Close()
	s.await(t, 1)
	if got := writes(); !slices.ContainsFunc(got, func(w string) bool {
		return strings.HasPrefix(w, "MAIL FROM:") && strings.HasSuffix(w, "RCPT TO:<t1@postfix.test>\r\nDATA\r\n")
	}) {
		t.Errorf("got %.400q, want the envelope in one", got)
	}
}

// tap stands before a relay, hides that it offers STARTTLS, and keeps what
// clients write.
func tap(t *testing.T, relay net.Addr) (mail.Relay, func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var writes []string
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	all.Go(func() {
		in, err := l.Accept()
		if err != nil {
			return
		}
		defer in.Close()
		out, err := net.Dial("tcp", relay.String())
		if err != nil {
			t.Error(err)
			return
		}
		all.Go(func() {
			defer out.Close()
			pass(in, out, func(b []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				writes = append(writes, string(b))
				return b
			})
		})
		pass(out, in, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("-STARTTLS"), []byte("-X-TAPPED")) })
	})
	return relayAt(l.Addr()), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(writes)
	}
}

// pass copies what is read, changed, until there is no more.
func pass(from, to net.Conn, change func([]byte) []byte) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if _, failed := to.Write(change(b[:n])); errors.Join(err, failed) != nil {
			return
		}
	}
}

// Octets above 127 are declared and arrive, and no body ends before its end.
func TestPostfixPassesABodyOnAsItWas(t *testing.T) {
	t.Parallel()
	s := &server{odd: true}
	c, _ := throughPostfix(t, s)
	want := map[string]bool{}
	send := func(body string) {
		m := note()
		m.Data = []byte(noteHead + "\r\n" + body)
		sent(t, c, m)
		want[whole(body)] = true
	}
	send("h\xc3\xa9llo\r\n")
	for n, pair := range pairs() {
		send(fmt.Sprintf("body %d%s", n, pair))
	}
	for _, m := range s.await(t, len(want)) {
		_, body, _ := strings.Cut(m.data, "\r\n\r\n")
		if !want[body] {
			t.Errorf("got %q, which was not sent", body)
		}
		delete(want, body)
		if eight := strings.ContainsFunc(body, func(r rune) bool { return r >= 0x80 }); eight != (m.body == "8BITMIME") {
			t.Errorf("%q came with BODY %q", body, m.body)
		}
	}
	if extra := len(s.seen()); len(want) > 0 {
		t.Errorf("%d came; missing: %v", extra, want)
	}
}
