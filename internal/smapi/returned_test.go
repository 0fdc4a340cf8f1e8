package smapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/smapi"
)

const returns = "/x/v1/returns/"

// postSite is a site whose posts are taken as take says.
func postSite(t *testing.T, take smapi.Returns) *site {
	t.Helper()
	return newSite(t, func(a *smapi.API, _ *beta.Rules) { a.Returns = take })
}

func TestAPostIsPassedOnWithItsProofAndNeedsNoToken(t *testing.T) {
	t.Parallel()
	var got smapi.Post
	s := postSite(t, func(ctx context.Context, p smapi.Post) (smapi.Posted, error) {
		if got = p; p.RequestID != httpd.RequestID(ctx) || p.RequestID == "" {
			t.Errorf("the request id is %q", p.RequestID)
		}
		return smapi.Posted{Taken: 2, Unknown: 1}, nil
	})
	basic := func(r *http.Request) { r.SetBasicAuth("any", "pass:word") }
	sns := func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	}
	for _, c := range []struct {
		path   string
		change func(*http.Request)
		relay  string
		secret string
	}{
		{"sendgrid", as("none"), "sendgrid", ""}, {"sendgrid?a=1&a=2", as("none"), "sendgrid", ""}, {"postmark", basic, "postmark", "pass:word"},
		{"ses/a%2Fb", sns, "ses", "a/b"}, {"postmark/path", basic, "postmark", "path"},
	} {
		body := s.expect(200, "POST", returns+c.path, "[not json", c.change, header("X-Proof", "p")).body
		equal(t, c.path+": answer", body, `{"taken":2,"unknown":1}`)
		equal(t, c.path+": passed on", []string{got.Relay, got.Secret, got.Header("x-proof"), string(got.Body)},
			[]string{c.relay, c.secret, "p", "[not json"})
	}
}

func TestAPostIsAnsweredAsItsTakerSays(t *testing.T) {
	t.Parallel()
	var err error
	s := postSite(t, func(context.Context, smapi.Post) (smapi.Posted, error) { return smapi.Posted{}, err })
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{&beta.Error{Kind: beta.Unauthorized, Code: beta.CodeUnauthorized, Message: "no"}, 401, "UNAUTHORIZED"},
		{&beta.Error{Kind: beta.NotFound, Code: beta.CodeNotFound, Message: "no"}, 404, "RESOURCE_NOT_FOUND"},
		{beta.Violation{Code: "CONTENT_PARSE_FAILURE", Message: "$: no"}, 400, "CONTENT_PARSE_FAILURE"},
		{&beta.Error{Kind: beta.Unavailable, Code: beta.CodeUnavailable, Message: "no", Retry: 1}, 503, "SERVICE_UNAVAILABLE"},
		{errors.New("no"), 500, "INTERNAL_ERROR"},
	} {
		err = c.err
		wantCode(t, s.expect(c.status, "POST", returns+"events", "{}", as("none")), c.code)
	}
}

func TestPostsMayBeLargerThanOtherBodies(t *testing.T) {
	t.Parallel()
	s := postSite(t, func(_ context.Context, p smapi.Post) (smapi.Posted, error) {
		return smapi.Posted{Taken: len(p.Body)}, nil
	})
	equal(t, "1 MiB", s.expect(200, "POST", returns+"ses/x", strings.Repeat(" ", 1<<20)).body, `{"taken":1048576,"unknown":0}`)
	wantCode(t, s.expect(413, "POST", returns+"ses/x", strings.Repeat(" ", 1<<20+1)), "PAYLOAD_TOO_LARGE")
}

func TestWithoutATakerThereAreNoPosts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(404, "POST", returns+"events", "{}")
	s.expect(405, "GET", returns+"events", "")
	s.expect(404, "POST", returns, "{}")
	s.expect(404, "POST", returns+"ses/a/b", "{}")
}
