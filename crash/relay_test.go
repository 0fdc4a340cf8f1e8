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
	mu       sync.Mutex
	lives    int        // of servers so far
	ended    *sync.Cond // a conversation
	journal  []delivery
	links    map[place]string // of each tester, the newest; the path of the page
	skillsOf map[string]int   // test id, as in links, to skill
}

func newRelay() *relay {
	r := &relay{links: map[place]string{}, skillsOf: map[string]int{}}
	r.ended = sync.NewCond(&r.mu)
	return r
}

// door is an address of the relay's, for one server after the other.
type door struct {
	*relay
	addr string
	life int // of the server that connects now
	open int // conversations
}

// open opens a door that ends with the test.
func (r *relay) open(t *testing.T) *door {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{relay: r, addr: listener.Addr().String()}
	watch := mailtest.New(t)
	watch.Every = 100 // a soak has hundreds of thousands
	server := smtp.NewServer(watch.Backend(smtp.BackendFunc(d.begin)))
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
	return d
}

// quiet waits until the dead server's conversations are heard to their end, so
// that every message is booked to the life it was sent in, and returns how many
// messages there are by then.
func (d *door) quiet() (deliveries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.open > 0 {
		d.ended.Wait()
	}
	return len(d.journal)
}

// nextLife has a new server come through the door and returns its number.
func (d *door) nextLife() int {
	d.quiet()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lives++
	d.life = d.lives
	return d.life
}

// coming is the number of the server that comes next.
func (r *relay) coming() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lives + 1
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

func (d *door) begin(*smtp.Conn) (smtp.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open++
	return &conversation{door: d, life: d.life}, nil
}

// conversation is one connection's dialogue.
type conversation struct {
	door       *door
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
		c.door.take(c.life, c.recipients, raw)
	}
	return err
}

func (c *conversation) Reset() { c.recipients = nil }

func (c *conversation) Logout() error {
	c.door.mu.Lock()
	defer c.door.mu.Unlock()
	c.door.open--
	c.door.ended.Broadcast()
	return nil
}
