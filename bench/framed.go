package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/httpd"
)

// framed adds to a ratio of adds what is left of it when raw does the same for
// requests of HTTP: it stands behind Tryout's edge, reads each body, writes the same
// rows, answers 204, and does nothing else. What lies between that and Tryout is
// what Tryout does.
func (b *bench) framed(ctx context.Context, m measured, callers int) (measured, error) {
	r, err := b.openRaw()
	if err != nil {
		return m, err
	}
	w := startGroups(r)
	defer close(w.jobs)
	edge := newEdge(adding(func() error { return w.add(b.addedThere.rawSingle()) }))
	s, err := httpd.Listen("127.0.0.1:0", edge, nil)
	if err != nil {
		return m, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go s.Serve(ctx)
	var list speeds
	for range b.rounds {
		one, err := b.load(process{addr: s.Addr().String(), pid: itself.pid}, askers(callers, b.added.single))(ctx)
		if err != nil {
			return m, fmt.Errorf("raw behind the edge: %w", err)
		}
		list = append(list, one)
	}
	m.note += fmt.Sprintf("; %.2f leaves %.0f µs from one add to the next, and raw behind the same edge takes %.0f: %.2f",
		b.target, 1e6/(b.target*m.otherRate), 1e6/list.rate(), list.rate()/m.otherRate)
	return m, nil
}

// newEdge is Tryout's edge before h, with a log line that is formatted and
// written nowhere.
func newEdge(h http.Handler) *httpd.Edge {
	return httpd.New(h, httpd.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry()})
}

// adding reads a request, does one add and answers that it was done.
type adding func() error

func (add adding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, err := io.Copy(io.Discard, r.Body)
	if err == nil {
		err = add()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
