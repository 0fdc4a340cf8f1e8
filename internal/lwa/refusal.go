package lwa

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// Refusal is a failure in OAuth2's own words (RFC 6749, 4.1.2.1 and 5.2).
type Refusal struct {
	Code        string // such as invalid_grant
	Description string
	Status      int           // at an endpoint for machines; zero means 400
	Retry       time.Duration // when to try again, if that can help
}

// Error returns the description.
func (r *Refusal) Error() string { return r.Description }

// OAuth2's words that are used here.
const (
	invalidRequest     = "invalid_request"
	invalidClient      = "invalid_client"
	invalidGrant       = "invalid_grant"
	invalidScope       = "invalid_scope"
	invalidToken       = "invalid_token" // RFC 6750's
	insufficientScope  = "insufficient_scope"
	unauthorizedClient = "unauthorized_client"
	unsupportedGrant   = "unsupported_grant_type"
	unsupportedAnswer  = "unsupported_response_type"
	accessDenied       = "access_denied"
	unavailable        = "temporarily_unavailable"
	serverError        = "server_error"
)

func refuse(code, description string) *Refusal {
	return &Refusal{Code: code, Description: description}
}

// errClient does not say whether there is such a client.
var errClient = &Refusal{
	Code: invalidClient, Status: http.StatusUnauthorized,
	Description: "The client is not known, was revoked, or its secret is wrong.",
}

// Explain makes a Refusal of any failure. What is ours to know is noted for the
// log and not told.
func Explain(ctx context.Context, err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		httpd.Note(ctx, slog.String("error", r.Code))
		return r
	}
	httpd.Note(ctx, slog.String("err", err.Error()))
	var e *beta.Error
	switch {
	case errors.As(err, &e) && e.Kind == beta.Unavailable:
		return &Refusal{Code: unavailable, Description: e.Message, Status: http.StatusServiceUnavailable, Retry: max(e.Retry, time.Second)}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Refusal{Code: unavailable, Description: "The request took too long.", Status: http.StatusServiceUnavailable, Retry: time.Second}
	}
	return &Refusal{Code: serverError, Description: "Something went wrong on our side; the request id names it in the log.", Status: http.StatusInternalServerError}
}

// SetRetry says in a header when to try again, if that can help.
func (r *Refusal) SetRetry(h http.Header) {
	if r.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.Retry.Seconds()))))
	}
}

// write answers with a refusal in JSON.
func (r *Refusal) write(w http.ResponseWriter) {
	r.SetRetry(w.Header())
	if r.Code == invalidClient {
		w.Header().Set("WWW-Authenticate", `Basic realm="tryout"`)
	}
	writeJSON(w, cmp.Or(r.Status, http.StatusBadRequest), struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}{r.Code, r.Description})
}
