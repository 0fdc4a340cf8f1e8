package httpd

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkAnswer compares one small answer on a kept connection: the library
// alone, with our connection below it, and with the whole edge.
func BenchmarkAnswer(b *testing.B) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "{}") })
	edge := New(next, Config{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry()})
	b.Run("library", func(b *testing.B) { benchmark(b, next, nil) })
	b.Run("connection", func(b *testing.B) {
		benchmark(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answering(r); next(w, r) }), edge)
	})
	b.Run("edge", func(b *testing.B) { benchmark(b, edge, edge) })
}

// benchmark serves h, on wrapped connections if edge is given.
func benchmark(b *testing.B, h http.Handler, edge *Edge) {
	l, err := openListener("127.0.0.1:0", edge)
	if err != nil {
		b.Fatal(err)
	}
	s := &Server{http: &http.Server{Handler: h}}
	var from net.Listener = l.TCPListener
	if edge != nil {
		from, s.http.ConnContext, s.http.ConnState = l, withConn, s.note
	}
	go func() { _ = s.http.Serve(from) }()
	defer s.http.Close()
	converse(b, l.Addr().String())
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
	edge := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Route(r.Context(), "GET /") }),
		Config{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry()})
	r, _ := http.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:443"
	b.ReportAllocs()
	for b.Loop() {
		edge.ServeHTTP(&nowhere{}, r)
	}
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header {
	if n.header == nil {
		n.header = http.Header{}
	}
	return n.header
}
func (*nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (*nowhere) WriteHeader(int)             {}
