package crash_test

import (
	"bytes"
	"io"
	"log"
	"net"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"tryout/internal/mailtest"
)

// relay takes every message and keeps a journal. It outlives the servers.
type relay struct {
	addr string

	mu       sync.Mutex
	life     int // of the server that connects now
	open     int // conversations
	ended    *sync.Cond
	journal  []delivery
	links    map[place]string // of each tester, the newest; the path of the page
	skillsOf map[string]int   // test id, as in links, to skill
}

// openRelay returns a relay that ends with the test.
func openRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: listener.Addr().String(), links: map[place]string{}, skillsOf: map[string]int{}}
	r.ended = sync.NewCond(&r.mu)
	watch := mailtest.New(t)
	watch.Every = 100 // a soak has hundreds of thousands
	server := smtp.NewServer(watch.Backend(smtp.BackendFunc(r.begin)))
	server.Domain = "relay.test"
	server.ErrorLog = log.New(io.Discard, "", 0) // of connections that were cut
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Close()
		listener.Close() // where Serve had not come to know of it yet
		<-served
	})
	return r
}

// nextLife waits until the dead server's conversations are heard to their end,
// so that every message is booked to the life it was sent in.
func (r *relay) nextLife() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.open > 0 {
		r.ended.Wait()
	}
	r.life++
}

// deliveries returns the journal.
func (r *relay) deliveries() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.journal)
}

// learn tells which skill a test belongs to.
func (r *relay) learn(test string, skill int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skillsOf[test] = skill
}

// link returns the path of a tester's page, once it was mailed.
func (r *relay) link(p place) (path string, came bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path, came = r.links[p]
	return path, came
}

var (
	messageID  = regexp.MustCompile(`(?m)^Message-ID: <([^>]+)>`)
	invitePath = regexp.MustCompile(`/i/(([0-9a-z]+)-[0-9]+)-[A-Za-z0-9_-]+`)
)

// take journals a message before it is acknowledged.
func (r *relay) take(life int, recipients []string, raw []byte) {
	raw = bytes.ReplaceAll(raw, []byte("=\r\n"), nil) // quoted-printable breaks lines so
	d := delivery{life: life, recipients: recipients}
	if m := messageID.FindSubmatch(raw); m != nil {
		d.id = string(m[1])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := invitePath.FindSubmatch(raw); m != nil {
		d.invitation = string(m[1])
		for _, to := range recipients {
			r.links[place{r.skillsOf[string(m[2])], to}] = string(m[0])
		}
	}
	r.journal = append(r.journal, d)
}

func (r *relay) begin(*smtp.Conn) (smtp.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
	return &conversation{relay: r, life: r.life}, nil
}

// conversation is one connection's dialogue.
type conversation struct {
	relay      *relay
	life       int
	recipients []string
}

func (c *conversation) Mail(string, *smtp.MailOptions) error { return nil }

func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.recipients = append(c.recipients, to)
	return nil
}

func (c *conversation) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err == nil {
		c.relay.take(c.life, c.recipients, raw)
	}
	return err
}

func (c *conversation) Reset() { c.recipients = nil }

func (c *conversation) Logout() error {
	c.relay.mu.Lock()
	defer c.relay.mu.Unlock()
	c.relay.open--
	c.relay.ended.Broadcast()
	return nil
}
