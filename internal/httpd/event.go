package httpd

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// event is what one request leaves behind: a log line and metrics. It is also
// the request's context (context.go), so that whoever was given that can add to it.
//
// Nothing in it is the client's own text, so a request can neither forge a log
// line nor put an address into one: the id is ours, method and route come from
// fixed sets, the client is a parsed IP address.
type event struct {
	id     [1]string // as a header holds it
	method string
	client string // IP address, "" if unknown
	begun  time.Time
	answer answer

	parent   context.Context
	deadline time.Time

	mu    sync.Mutex // a handler may note from goroutines of its own
	route string
	notes []slog.Attr
	few   [2]slog.Attr       // room for the first notes
	wait  context.Context    // nil until somebody waits for the end
	stop  context.CancelFunc // of wait
	over  bool               // the handler has returned
}

// newID returns a request id, a UUID of version 4. Ids must differ; nothing
// depends on that they cannot be guessed.
func newID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

type eventKey struct{}

// eventOf returns the event of the request ctx belongs to, nil outside of one.
func eventOf(ctx context.Context) *event {
	ev, ok := ctx.(*event)
	if !ok {
		ev, _ = ctx.Value(eventKey{}).(*event)
	}
	return ev
}

// RequestID returns the id of the request ctx belongs to ("" outside of one).
func RequestID(ctx context.Context) string {
	if ev := eventOf(ctx); ev != nil {
		return ev.id[0]
	}
	return ""
}

// Client returns the IP address of who sent the request ctx belongs to, as the
// log has it ("" if unknown, and outside of one).
func Client(ctx context.Context) string {
	if ev := eventOf(ctx); ev != nil {
		return ev.client
	}
	return ""
}

// Note adds attributes to the request's single log line. Outside of a request it does nothing.
// Addresses, paths and queries do not belong there.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if ev := eventOf(ctx); ev != nil {
		ev.mu.Lock()
		defer ev.mu.Unlock()
		if ev.notes == nil {
			ev.notes = ev.few[:0]
		}
		ev.notes = append(ev.notes, attrs...)
	}
}

// Route names the route's pattern ("POST /v1/skills/{skillId}/betaTest/testers/add"),
// for the log line and the metrics' label. Never a raw path. The last call wins;
// outside of a request it does nothing.
func Route(ctx context.Context, pattern string) {
	if ev := eventOf(ctx); ev != nil {
		ev.mu.Lock()
		defer ev.mu.Unlock()
		ev.route = pattern
	}
}

// kind is the event's series. Status zero is a connection cut before any answer.
func (ev *event) kind() kind {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	return kind{route: ev.route, method: ev.method, status: ev.answer.status}
}

// line is the event's own part of the log line, which its series begins.
func (ev *event) line(took time.Duration) slog.Record {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	line := slog.NewRecord(ev.begun.Add(took), slog.LevelInfo, "request", 0)
	line.AddAttrs(
		slog.Int64("bytes", ev.answer.bytes),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("request_id", ev.id[0]),
		slog.String("client", ev.client),
	)
	line.AddAttrs(ev.notes...)
	return line
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
