package smapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// statuses turns a kind of failure into a status: the only place that does.
var statuses = map[beta.Kind]int{
	beta.Invalid:      http.StatusBadRequest,
	beta.Unauthorized: http.StatusUnauthorized,
	beta.Forbidden:    http.StatusForbidden,
	beta.NotFound:     http.StatusNotFound,
	beta.NotAllowed:   http.StatusMethodNotAllowed,
	beta.Conflict:     http.StatusConflict,
	beta.TooLarge:     http.StatusRequestEntityTooLarge,
	beta.TooMany:      http.StatusTooManyRequests,
	beta.Unavailable:  http.StatusServiceUnavailable,
}

// The codes of failures of shape; those of meaning are beta's.
const (
	codeParse       = "CONTENT_PARSE_FAILURE"
	codeContentType = "INVALID_CONTENT_TYPE"
	codeMissing     = "MISSING_REQUIRED_PROPERTY"
	codeDataType    = "INVALID_DATA_TYPE"
	codeArraySize   = "INVALID_ARRAY_SIZE"
	codeInteger     = "INVALID_INTEGER_VALUE"
	codeParameter   = beta.CodeParameter
	codeExpired     = "PARAMETER_EXPIRED"
	codeTooMany     = "TOO_MANY_REQUESTS"
	codeTooLarge    = "PAYLOAD_TOO_LARGE"
	codeURI         = "URI_TOO_LONG"
	codeInternal    = "INTERNAL_ERROR"
)

var (
	errNoRoute      = &beta.Error{Kind: beta.NotFound, Code: beta.CodeNotFound, Message: "There is nothing at this path."}
	errNoVerb       = &beta.Error{Kind: beta.NotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "This path does not serve this method; see the Allow header."}
	errPostTooLarge = &beta.Error{Kind: beta.TooLarge, Code: codeTooLarge, Message: "The body must have at most 1048576 bytes."}
	errTooLarge     = &beta.Error{Kind: beta.TooLarge, Code: codeTooLarge, Message: "The body must have at most 262144 bytes."}
)

// messages are the top-level words for a malformed request; what is wrong where
// stands in the violations. That of INVALID_STRING_LENGTH is the reference page's.
var messages = map[string]string{
	beta.CodeLength:  "The property is outside the allowed range.",
	beta.CodePattern: "The property does not have the required form.",
	codeParse:        "The body cannot be parsed.",
	codeContentType:  "The content type is not supported.",
	codeMissing:      "A required property is missing.",
	codeDataType:     "The property has the wrong type.",
	codeArraySize:    "The array has too few or too many entries.",
	codeInteger:      "The value is not an integer in the allowed range.",
	codeParameter:    "The parameter is not valid.",
	codeExpired:      "The parameter has expired.",
}

// invalid makes one error of everything wrong with a request; its code is that
// of the first. It is nil when err is. Only violations are expected in err.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	var list violations
	var one beta.Violation
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = violations{one}
	default:
		return err
	}
	return &beta.Error{
		Kind: beta.Invalid, Code: list[0].Code, Message: messages[list[0].Code], Violations: list,
	}
}

// violations are everything wrong with a value, in document order.
type violations []beta.Violation

// Error returns the first message.
func (v violations) Error() string { return v[0].Message }

// orNil avoids the error value that holds an empty list.
func (v violations) orNil() error {
	if len(v) == 0 {
		return nil
	}
	return v
}

// fail answers with an error. One that is not the caller's to see is logged and
// becomes a 500 without detail.
func fail(c *call, err error) {
	var e *beta.Error
	if !errors.As(err, &e) {
		e = ours(c.r.Context(), err)
	}
	httpd.Note(c.r.Context(), slog.String("code", e.Code))
	if e.Kind == beta.Unavailable {
		httpd.Note(c.r.Context(), slog.String("err", err.Error())) // why, for the operator
	}
	if e.Kind == beta.Unauthorized {
		httpd.Note(c.r.Context(), slog.String("err", e.Message)) // such as a token for another audience
	}
	h := c.jsonHeader()
	if e.Kind == beta.Unauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if e.Retry > 0 {
		h.Set("Retry-After", retryAfter(e.Retry))
	}
	status, known := statuses[e.Kind]
	if !known {
		status = http.StatusInternalServerError
	}
	c.w.WriteHeader(status)
	c.w.Write(errorBody(e))
}

// ours is what the caller sees of a failure of ours. When the caller went away
// or our time was up, trying again is the answer.
func ours(ctx context.Context, err error) *beta.Error {
	httpd.Note(ctx, slog.String("err", err.Error()))
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &beta.Error{Kind: beta.Unavailable, Code: beta.CodeUnavailable, Message: "The request took too long.", Retry: time.Second}
	}
	return &beta.Error{Code: codeInternal, Message: "Something went wrong on our side; the request id names it in the log."}
}

func retryAfter(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

func errorBody(e *beta.Error) []byte {
	body := wireError{Message: e.Message, Code: e.Code}
	for _, v := range e.Violations {
		body.Violations = append(body.Violations, wireViolation(v))
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings only
	}
	return text
}

// EdgeFailure returns the body for a failure that the HTTP edge answers itself.
func EdgeFailure(status int) []byte {
	e := &beta.Error{Code: "INVALID_REQUEST", Message: "The request cannot be served: " + http.StatusText(status) + "."}
	switch status {
	case http.StatusBadRequest:
		e.Code, e.Message = codeParameter, messages[codeParameter]
		e.Violations = violations{{Code: codeParameter, Message: "the request: not well-formed HTTP, or bad percent-encoding in the path"}}
	case http.StatusRequestURITooLong:
		e = &beta.Error{Code: codeURI, Message: "The request line must have at most 8192 bytes."}
	case http.StatusServiceUnavailable:
		e = &beta.Error{Code: beta.CodeUnavailable, Message: "The server is busy; try again later."}
	case http.StatusInternalServerError:
		e = &beta.Error{Code: codeInternal, Message: "Something went wrong on our side; the request id names it in the log."}
	}
	return errorBody(e)
}
