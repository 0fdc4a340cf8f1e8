package httpd

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxTarget is the longest request target answered, in bytes (RFC 9112 section 3 asks for 8000 at least).
const maxTarget = 8 << 10

// Config is what an Edge is built from.
type Config struct {
	Log     *slog.Logger          // nil means none
	Metrics prometheus.Registerer // nil means none
	Now     func() time.Time      // nil means time.Now

	MaxInFlight int                     // requests served at once; zero means 512. As many again wait up to a second, any more get 503 at once
	MaxBody     int64                   // bytes of a request body; zero means 256 KiB. Reading further fails with *http.MaxBytesError
	MaxBodyAt   func(path string) int64 // of requests to a path, in place of MaxBody; nil, or zero for an answer, means MaxBody
	Deadline    time.Duration           // after which a request's context ends; zero means 20 s, short of the 30 s an answer may take

	// TrustedProxies are those whose X-Forwarded-For is believed, for the client address in the log only.
	TrustedProxies []netip.Prefix

	// Fail returns the JSON body of a failure that the edge itself answers
	// (400, 414, 431, 500, 501, 503, 505...); nil means {"message": status text}.
	Fail func(status int) []byte
}

// Edge is the http.Handler in front of all others. Make it with New.
type Edge struct {
	next     http.Handler
	log      *slog.Logger
	panics   prometheus.Counter
	series   *seriesSet
	now      func() time.Time
	gate     gate
	maxBody  func(path string) int64
	deadline time.Duration
	trusted  []netip.Prefix
	body     func(status int) []byte
	draining atomic.Bool // readiness fails, and answers end their connections
	closed   atomic.Bool // Grace is over: what still arrives is 503
}

// New returns an Edge in front of next. It panics if c.Metrics already holds the metrics of another Edge.
func New(next http.Handler, c Config) *Edge {
	e := &Edge{
		next:     next,
		log:      cmp.Or(c.Log, slog.New(slog.DiscardHandler)),
		now:      c.Now,
		gate:     newGate(cmp.Or(c.MaxInFlight, 512)),
		maxBody:  c.bodyLimit,
		deadline: cmp.Or(c.Deadline, 20*time.Second),
		trusted:  c.TrustedProxies,
		body:     c.Fail,
	}
	m := newMetrics(c.Metrics, e.gate.inside)
	e.panics = m.panics
	e.series = newSeriesSet(func(k kind) series { return m.series(k, e.log.Handler()) })
	if e.now == nil {
		e.now = time.Now
	}
	if e.body == nil {
		e.body = plainBody
	}
	return e
}

// bodyLimit is how many bytes the body of a request to a path may have.
func (c Config) bodyLimit(path string) int64 {
	limit := cmp.Or(c.MaxBody, 256<<10)
	if c.MaxBodyAt != nil {
		limit = cmp.Or(c.MaxBodyAt(path), limit)
	}
	return limit
}

// Draining reports whether a Server of this edge has been told to stop: readiness fails then.
func (e *Edge) Draining() bool { return e.draining.Load() }

// ServeHTTP answers r through the next handler, or by itself when r may not get that far.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := answering(r)
	ev := e.begin(knownMethod(r.Method), e.client(r, c))
	ev.answer = answer{ResponseWriter: w, edge: e, conn: c, id: ev.id[:], last: doubtfulFraming(r)}
	defer e.end(ev)
	defer e.rescue(ev)
	e.admit(ev, r)
	ev.answer.finish()
}

// begin opens the event of a request that a client sent.
func (e *Edge) begin(method, client string) *event {
	return &event{id: [1]string{newID()}, method: method, client: client, begun: e.now()}
}

// admit hands r on if it is short enough, in time, and a place is free.
func (e *Edge) admit(ev *event, r *http.Request) {
	if len(r.RequestURI) > maxTarget {
		ev.answer.fail(http.StatusRequestURITooLong)
		return
	}
	if e.closed.Load() || !e.gate.enter(r.Context()) {
		ev.answer.fail(http.StatusServiceUnavailable)
		return
	}
	defer e.gate.leave()
	e.serve(ev, r)
}

func (e *Edge) serve(ev *event, r *http.Request) {
	ev.serve(r.Context(), time.Now().Add(e.deadline))
	defer ev.finish()
	r = r.WithContext(ev)
	if r.Body != nil && r.Body != http.NoBody {
		// The library's own writer, not ours: MaxBytesReader tells it to close the connection of an oversized body.
		r.Body = http.MaxBytesReader(ev.answer.ResponseWriter, r.Body, e.maxBody(r.URL.Path))
	}
	e.next.ServeHTTP(&ev.answer, r)
}

// rescue turns a handler's panic into a 500, or cuts the connection when part of
// an answer has left already: half an answer must not look like a whole one.
// It must be deferred itself, or recover sees nothing.
func (e *Edge) rescue(ev *event) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	e.panics.Inc()
	e.log.Error("panic", "panic", fmt.Sprint(p), "request_id", ev.id[0], "stack", string(debug.Stack()))
	if ev.answer.status != 0 {
		panic(http.ErrAbortHandler)
	}
	ev.answer.fail(http.StatusInternalServerError)
}

// end closes the event: the one log line, and the metrics.
func (e *Edge) end(ev *event) {
	took := e.now().Sub(ev.begun)
	s := e.series.of(ev.kind())
	s.requests.Inc()
	s.duration.Observe(took.Seconds())
	if ctx := context.Background(); s.log.Enabled(ctx, slog.LevelInfo) {
		_ = s.log.Handle(ctx, ev.line(took)) // where the log cannot be written, neither can its failure
	}
}
