package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// event is what one request leaves behind: a log line and metrics.
//
// Nothing in it is the client's own text, so a request can neither forge a log
// line nor put an address into one: the id is ours, method and route come from
// fixed sets, the client is a parsed IP address.
type event struct {
	id     string
	method string
	client string // IP address, "" if unknown
	begun  time.Time

	mu    sync.Mutex // a handler may note from goroutines of its own
	route string
	notes []slog.Attr
}

type eventKey struct{}

// RequestID returns the id of the request ctx belongs to ("" outside of one).
func RequestID(ctx context.Context) string {
	if ev, ok := ctx.Value(eventKey{}).(*event); ok {
		return ev.id
	}
	return ""
}

// Note adds attributes to the request's single log line. Outside of a request it does nothing.
// Addresses, paths and queries do not belong there.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if ev, ok := ctx.Value(eventKey{}).(*event); ok {
		ev.mu.Lock()
		defer ev.mu.Unlock()
		ev.notes = append(ev.notes, attrs...)
	}
}

// Route names the route's pattern ("POST /v1/skills/{skillId}/betaTest/testers/add"),
// for the log line and the metrics' label. Never a raw path. The last call wins;
// outside of a request it does nothing.
func Route(ctx context.Context, pattern string) {
	if ev, ok := ctx.Value(eventKey{}).(*event); ok {
		ev.mu.Lock()
		defer ev.mu.Unlock()
		ev.route = pattern
	}
}

// pattern is the route named so far, "" when none was found.
func (ev *event) pattern() string {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	return ev.route
}

// attrs is the log line. Status zero is a connection cut before any answer.
func (ev *event) attrs(status int, bytes int64, took time.Duration) []slog.Attr {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	return append([]slog.Attr{
		slog.String("method", ev.method),
		slog.String("route", ev.route),
		slog.Int("status", status),
		slog.Int64("bytes", bytes),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("request_id", ev.id),
		slog.String("client", ev.client),
	}, ev.notes...)
}

// knownMethod returns method, or "OTHER": a label and a log line never hold a client's own word.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}
