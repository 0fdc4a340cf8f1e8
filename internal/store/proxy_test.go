package store_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"tryout/internal/storetest"
)

// proxy stands between a store and its server, to be cut.
type proxy struct {
	t       *testing.T
	server  string // the server's socket
	address string // the database, through the proxy
	direct  string // the database

	mu    sync.Mutex
	away  bool
	cut   func(asked []byte) cutting // looks at what the store says; nil lets everything pass
	conns []net.Conn
	asked int // how often anything was asked
}

// cutting is when a connection ends.
type cutting int

const (
	never  cutting = iota
	before         // what was asked reaches the server
	after          // the answer reaches the store
	behind         // the same, and in place of the answer comes an error that the server did not make
)

// poolers is what a pooler says when it lost its server.
var poolers, _ = (&pgproto3.ErrorResponse{Severity: "FATAL", Code: "08006", Message: "server closed the connection"}).Encode(nil)

func newProxy(t *testing.T) *proxy {
	t.Helper()
	direct := storetest.NewPostgres(t)
	u, err := url.Parse(direct)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	q := u.Query()
	p := &proxy{t: t, server: filepath.Join(q.Get("host"), ".s.PGSQL.5432"), direct: direct}
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	p.address = u.String()
	go p.accept(l)
	return p
}

func (p *proxy) accept(l net.Listener) {
	for {
		store, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.server)
		p.mu.Lock()
		if err != nil || p.away {
			store.Close()
			p.mu.Unlock()
			continue
		}
		p.conns = append(p.conns, store)
		p.mu.Unlock()
		answers := &switched{to: store}
		go func() {
			io.Copy(answers, server)
			store.Close()
		}()
		go p.forward(store, server, answers)
	}
}

// forward passes on what a store asks, until it is cut.
func (p *proxy) forward(store, server net.Conn, answers *switched) {
	defer store.Close()
	defer server.Close()
	text := make([]byte, 64<<10)
	for {
		n, err := store.Read(text)
		if err != nil {
			return
		}
		switch when := p.when(text[:n]); when {
		case before:
			return
		case after, behind:
			answered := answers.divert()
			server.Write(text[:n])
			<-answered
			if when == behind {
				store.Write(poolers)
			}
			return
		}
		if _, err := server.Write(text[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) when(asked []byte) cutting {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.cut == nil {
		return never
	}
	return p.cut(asked)
}

// trips is how often anything was asked, and answered before the next.
func (p *proxy) trips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// cutAt cuts the connection that asks for something next, and no other.
func (p *proxy) cutAt(asked string, when cutting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = func(text []byte) cutting {
		if !bytes.Contains(text, []byte(asked)) {
			return never
		}
		p.cut = nil
		return when
	}
}

// leave cuts all connections and takes no new one; come takes them again.
func (p *proxy) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for _, c := range p.conns {
		c.Close()
	}
}

func (p *proxy) come() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

// switched writes to a connection until it is diverted; it tells then of the
// next answer instead of passing it on.
type switched struct {
	mu       sync.Mutex
	to       io.Writer
	answered chan struct{}
}

func (s *switched) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answered != nil {
		close(s.answered)
		return 0, io.ErrClosedPipe
	}
	return s.to.Write(text)
}

func (s *switched) divert() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered = make(chan struct{})
	return s.answered
}
