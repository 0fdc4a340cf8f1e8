package httpd

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
)

// idHeader is x-amzn-requestid as package http spells it.
const idHeader = "X-Amzn-Requestid"

// answer is the ResponseWriter that handlers see: it counts, and sets what every answer carries.
type answer struct {
	http.ResponseWriter
	edge   *Edge
	conn   *conn    // nil if it is not one of ours, as under TLS
	id     []string // the request's, as a header holds it
	last   bool     // the connection ends with this answer
	status int      // zero until the header is written
	bytes  int64
}

// WriteHeader sends the header, with the request id in it.
// Draining is asked here, not when the request began, so that an answer under way when it begins still ends its connection.
func (a *answer) WriteHeader(status int) {
	h := a.Header()
	h[idHeader] = a.id
	if a.last || a.edge.draining.Load() {
		h.Set("Connection", "close")
	}
	if a.status == 0 && status >= 200 { // a 1xx comes before the answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.finish()
	a.conn.gather()
	n, err := a.write(b)
	return n, cmp.Or(err, a.conn.flush())
}

func (a *answer) write(b []byte) (int, error) {
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// WriteParts writes the body of an answer that has told its length, and lies in
// parts. They leave together, and what is large is not copied. When it fails,
// the connection is gone, and nobody is left to tell.
func WriteParts(w http.ResponseWriter, parts ...[]byte) {
	a, ours := w.(*answer)
	if !ours || a.conn == nil {
		for _, part := range parts {
			_, _ = w.Write(part)
		}
		return
	}
	a.conn.gather()
	_ = a.FlushError() // the header alone: package http's buffer is empty then, and no part goes through it
	for _, part := range parts {
		_, _ = a.write(part)
	}
	_ = a.FlushError()
	_ = a.conn.flush()
}

// FlushError is what http.ResponseController calls.
func (a *answer) FlushError() error {
	a.finish()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// finish writes the header if no handler did.
func (a *answer) finish() {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
}

// fail answers a failure of the edge itself, in place of whatever a handler had prepared.
func (a *answer) fail(status int) {
	body := a.edge.body(status)
	h := a.Header()
	clear(h)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	a.WriteHeader(status)
	_, _ = a.Write(body) // the client is gone; nobody is left to tell
}

// doubtfulFraming tells the requests after which the connection must end.
//
// A chunked request may have carried a Content-Length as well, which Go drops
// without a word (golang/go#80942), and HTTP/1.0 may have carried a
// Transfer-Encoding, dropped likewise. A proxy in front that read the length
// differently takes what follows for a part of this request, and we would
// serve it as the next one (RFC 9112 section 6.1).
func doubtfulFraming(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

func plainBody(status int) []byte {
	body, _ := json.Marshal(map[string]string{"message": http.StatusText(status)}) // strings always marshal
	return body
}
