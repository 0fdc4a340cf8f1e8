package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/inbox"
	"tryout/internal/mailtest"
)

func TestStoppingUnderLoadLosesNoRequestAndNoMail(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	s := newSite(t, box.Addr().String())
	p := s.serve("--cap", "1000", "--drain-grace", "1s")
	p.startTest()

	l := &load{server: p, warm: make(chan struct{})}
	var clients sync.WaitGroup
	for n := range 16 {
		clients.Go(func() { l.client(n%2 == 0) })
	}
	<-l.warm
	p.stop()
	clients.Wait()
	t.Logf("%d connections, %d answers, %d testers added, %d mails taken when the server stopped",
		l.connections.Load(), l.answers.Load(), len(l.added), len(box.Messages()))
	onlySent(t, p)

	p = s.serve("--cap", "1000")
	slices.Sort(l.added)
	if got := p.list(); !slices.Equal(got, l.added) {
		t.Errorf("%d testers are in the database, %d adds were answered with 204", len(got), len(l.added))
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if _, err := box.Next(ctx, len(l.added)-1); err != nil {
		t.Fatalf("%d of %d mails came: %v", len(box.Messages()), len(l.added), err)
	}
	p.stop()
	onlySent(t, p)
	s.nothingToSend()
	eachOnce(t, box.Messages(), l.added)
}

// onlySent wants no attempt to deliver but such as succeeded, or were not begun.
func onlySent(t *testing.T, p *server) {
	t.Helper()
	for _, r := range p.log.records("mail") {
		if r["state"] != "sent" && r["state"] != "queued" {
			t.Errorf("a mail was cut: %v", r)
		}
	}
	if levels := p.log.levels(); !slices.Equal(levels, []string{"INFO"}) {
		t.Errorf("the log has lines of level %q", levels)
	}
}

// eachOnce wants one whole message for each address.
func eachOnce(t *testing.T, messages []inbox.Received, addresses []string) {
	t.Helper()
	var got []string
	for _, m := range messages {
		got = append(got, m.To...)
		if !strings.Contains(m.Text, "/i/") || !strings.HasSuffix(strings.TrimSpace(m.HTML), "</html>") {
			t.Errorf("a message is not whole:\n%s", m.Data)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, addresses) {
		t.Errorf("%d messages to %d addresses for %d testers", len(got), len(slices.Compact(got)), len(addresses))
	}
}

// nothingToSend wants all mail settled.
func (s *site) nothingToSend() {
	s.t.Helper()
	db, err := s.home.open(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if due, err := db.NextMail(s.t.Context()); err != nil || !due.IsZero() {
		s.t.Errorf("mail is left to be sent at %v, %v", due, err)
	}
}

// list returns all testers, by address.
func (p *server) list() (addresses []string) {
	p.t.Helper()
	var page struct {
		Testers   []struct{ EmailID string }
		NextToken string
	}
	for more := true; more; more = page.NextToken != "" {
		text := p.must(200, "GET", tests+"/testers?maxResults=500"+nextQuery(page.NextToken), "")
		page.Testers, page.NextToken = nil, ""
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			p.t.Fatal(err)
		}
		for _, tester := range page.Testers {
			addresses = append(addresses, tester.EmailID)
		}
	}
	slices.Sort(addresses)
	return addresses
}

func nextQuery(token string) string {
	if token == "" {
		return ""
	}
	return "&nextToken=" + url.QueryEscape(token)
}

// load is many clients that add and list until nobody listens any more.
type load struct {
	*server
	connections, answers, adds atomic.Int64
	warm                       chan struct{} // closed at the 300th answer

	mu    sync.Mutex
	added []string // addresses whose add was answered
}

// client connects and asks. Once a connection is established, all that is asked
// on it must be answered.
func (l *load) client(keepAlive bool) {
	addr := strings.TrimPrefix(l.url, "http://")
	for {
		c, err := net.DialTimeout("tcp", addr, soon)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err != nil {
			l.t.Error(err)
			return
		}
		l.connections.Add(1)
		if err := l.converse(c, keepAlive); err != nil {
			l.t.Errorf("keep-alive %v: %v", keepAlive, err)
		}
		c.Close()
	}
}

// converse asks on c until an answer ends the connection.
func (l *load) converse(c net.Conn, keepAlive bool) error {
	c.SetDeadline(time.Now().Add(soon))
	r := bufio.NewReader(c)
	for {
		req, address := l.next()
		req.Close = !keepAlive
		if err := req.Write(c); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		resp, err := http.ReadResponse(r, req)
		if err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		body, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode == 503 && resp.Header.Get("Retry-After") != "" && resp.Close {
			return nil // the grace is over: not done, and told so
		}
		if err != nil || resp.StatusCode/100 != 2 {
			return fmt.Errorf("got %d %s, %v", resp.StatusCode, body, err)
		}
		l.answered(address)
		if resp.Close {
			return nil
		}
	}
}

// next is an add, or a list, and only lists when there are many testers.
func (l *load) next() (req *http.Request, address string) {
	n := l.adds.Add(1)
	if n > 1400 || n%2 == 0 {
		return l.request(l.token, "GET", tests+"/testers?maxResults=5", ""), ""
	}
	address = fmt.Sprintf("tester-%04d@example.com", n)
	return l.request(l.token, "POST", tests+"/testers/add", addBody(address)), address
}

func (l *load) answered(address string) {
	if address != "" {
		l.mu.Lock()
		l.added = append(l.added, address)
		l.mu.Unlock()
	}
	if l.answers.Add(1) == 300 {
		close(l.warm)
	}
}

func TestAMessageUnderWayAtTheStopIsSettledAndNotSentAgain(t *testing.T) {
	t.Parallel()
	relay := holdMail(t)
	s := newSite(t, relay.addr)
	p := s.serve()
	p.startTest()
	p.add("ann@example.com")
	relay.wants(t, "ann@example.com")
	p.signal(syscall.SIGTERM)
	p.awaitRefusal()
	select {
	case <-p.exited:
		t.Error("the server ended with a message under way")
	default:
	}
	relay.answer <- nil
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("got %v, want exit code 0", state)
	}
	s.nothingToSend()

	p = s.serve()
	p.add("bob@example.com")
	relay.wants(t, "bob@example.com")
	relay.answer <- nil
	p.stop()
	s.nothingToSend()
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	t.Parallel()
	relay := holdMail(t)
	p := newSite(t, relay.addr).serve()
	p.startTest()
	p.add("ann@example.com")
	relay.wants(t, "ann@example.com")
	p.signal(syscall.SIGTERM)
	p.awaitRefusal()
	p.signal(syscall.SIGTERM)
	if status := p.wait().Sys().(syscall.WaitStatus); !status.Signaled() {
		t.Errorf("ended with %v, want by the signal", status)
	}
}

func TestARefusedMailIsLoggedWithoutTheRelaysWords(t *testing.T) {
	t.Parallel()
	relay := holdMail(t)
	p := newSite(t, relay.addr).serve()
	p.startTest()
	p.add("ann@example.com")
	relay.wants(t, "ann@example.com")
	relay.answer <- &smtp.SMTPError{Code: 554, Message: "I will not take this for ann@example.com"}
	if r := p.log.await(t, "mail"); r["state"] != "failed" || r["code"] != 554.0 {
		t.Errorf("got %v, want it failed with 554", r)
	}
}

func TestWhileDrainingReadinessFailsAndRequestsAreAnswered(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve("--drain-grace", "2s")
	p.signal(syscall.SIGTERM)
	until(t, "/readyz says 503", func() bool {
		status, body := p.operators("/readyz")
		return status == 503 && body == "draining\n"
	})
	if resp, body := p.ask("GET", "/v1/vendors", ""); resp.StatusCode != 200 || !resp.Close {
		t.Errorf("got %d %s, close %v; want 200 and Connection: close", resp.StatusCode, body, resp.Close)
	}
	if status, _ := p.operators("/livez"); status != 200 {
		t.Errorf("/livez says %d, want 200", status)
	}
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("got %v, want exit code 0", state)
	}
}

// awaitRefusal returns when nobody listens any more.
func (p *server) awaitRefusal() {
	p.t.Helper()
	until(p.t, "connections are refused", func() bool {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(p.url, "http://"), time.Second)
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

// heldMail is a relay that takes each message whole and answers when it is told to.
type heldMail struct {
	addr   string
	began  chan string // who the message is to
	answer chan error  // nil means 250
}

func holdMail(t *testing.T) *heldMail {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := &heldMail{addr: l.Addr().String(), began: make(chan string), answer: make(chan error)}
	server := smtp.NewServer(mailtest.New(t).Backend(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &heldSession{relay: relay, end: t.Context()}, nil
	})))
	server.Domain = "relay.invalid"
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return relay
}

func (r *heldMail) wants(t *testing.T, address string) {
	t.Helper()
	select {
	case got := <-r.began:
		if got != address {
			t.Fatalf("a message to %s, want one to %s", got, address)
		}
	case <-time.After(soon):
		t.Fatalf("no message to %s", address)
	}
}

// heldSession is one connection's.
type heldSession struct {
	relay *heldMail
	to    string
	end   context.Context // the test's
}

func (s *heldSession) Reset()                                    { s.to = "" }
func (s *heldSession) Logout() error                             { return nil }
func (s *heldSession) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *heldSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

func (s *heldSession) Data(message io.Reader) error {
	if _, err := io.Copy(io.Discard, message); err != nil {
		return err
	}
	select {
	case s.relay.began <- s.to:
	case <-s.end.Done():
	}
	select {
	case err := <-s.relay.answer:
		return err
	case <-s.end.Done():
		return io.ErrUnexpectedEOF
	}
}
