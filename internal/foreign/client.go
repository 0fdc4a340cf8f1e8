package foreign

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/time/rate"

	"tryout/internal/beta"
)

// The limits of what is asked of others.
const (
	timeout  = 3 * time.Second // of one question
	maxBody  = 1 << 20
	retryIn  = 5 * time.Second
	maxCause = 200 // characters of a failure that are logged
)

// How often others are asked, in a second and at once.
const (
	perSec, burst         = 20, 100
	keysPerSec, keysBurst = 1, 10 // whoever makes up tokens can have us ask for keys
)

// newClient returns a client for one kind of question to one of the others: it
// follows no redirect, reads no long answer, speaks in clear to this machine only,
// and lets nobody make us ask without end.
func newClient(transport http.RoundTripper, perSec rate.Limit, burst int) *http.Client {
	return &http.Client{
		Transport:     careful{transport, rate.NewLimiter(perSec, burst)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       timeout,
	}
}

type careful struct {
	http.RoundTripper
	limit *rate.Limiter
}

// RoundTrip implements [http.RoundTripper].
func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	if !IsSafe(r.URL) {
		return nil, errors.New("it is not reached over HTTPS")
	}
	if !c.limit.Allow() {
		return nil, errors.New("it was asked too often; it is spared")
	}
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	return resp, nil
}

// IsSafe reports whether nobody can listen when an address is asked: over HTTPS,
// or on this machine.
func IsSafe(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && local)
}

// away is the failure to ask somebody: for the caller to try again, with the
// cause for our log. The cause may name an address with a token in it; only what
// went wrong there is kept.
func away(whom string, cause error) error {
	var at *url.Error
	if errors.As(cause, &at) {
		cause = at.Err
	}
	text := cause.Error()
	if len(text) > maxCause {
		text = text[:maxCause] + "..."
	}
	return fmt.Errorf("ask %s: %q: %w", whom, text, errAway)
}

var errAway = &beta.Error{Kind: beta.Unavailable, Code: beta.CodeUnavailable, Retry: retryIn,
	Message: "Whoever vouches for you cannot be asked now; try again later."}

// drain reads an answer to its end and closes it, so that its connection serves again.
func drain(r io.ReadCloser) {
	_, _ = io.Copy(io.Discard, r)
	_ = r.Close()
}
