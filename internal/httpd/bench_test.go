package httpd

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkAnswer compares one small answer on a kept connection: the library
// alone, with the server's time limits, and with the whole edge as well.
func BenchmarkAnswer(b *testing.B) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "{}") })
	b.Run("library", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		go func() { _ = http.Serve(l, next) }()
		converse(b, l.Addr().String())
	})
	b.Run("limits", func(b *testing.B) {
		s, err := Listen("127.0.0.1:0", New(next, discarding()), nil)
		if err != nil {
			b.Fatal(err)
		}
		defer s.http.Close()
		s.http.Handler, s.http.ConnState, s.http.ConnContext = next, nil, nil
		go func() { _ = s.http.Serve(s.listener.TCPListener) }()
		converse(b, s.Addr().String())
	})
	b.Run("server", func(b *testing.B) {
		s, err := Listen("127.0.0.1:0", New(next, discarding()), nil)
		if err != nil {
			b.Fatal(err)
		}
		s.Grace = time.Nanosecond
		go func() { _ = s.Serve(b.Context()) }()
		converse(b, s.Addr().String())
	})
}

// discarding is a configuration of an edge whose log and metrics nobody reads.
func discarding() Config {
	return Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry()}
}

func converse(b *testing.B, addr string) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			b.Fatal(err)
		}
		for line := ""; !strings.HasSuffix(line, "{}"); {
			part, err := r.ReadString('}')
			if err != nil {
				b.Fatal(err)
			}
			line += part
		}
	}
}

// BenchmarkEdge is what the edge adds to a request, without a network.
func BenchmarkEdge(b *testing.B) {
	edge := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Route(r.Context(), "GET /") }), discarding())
	r, _ := http.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:443"
	w := &nowhere{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		edge.ServeHTTP(w, r)
	}
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header       { return n.header }
func (*nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (*nowhere) WriteHeader(int)             {}
