package smapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// Returns takes what a relay posts about mails that it had taken. It carries no
// token: whoever takes it checks its proof. The error is a [beta.Violation] when
// the post is malformed, else as for any call.
type Returns func(ctx context.Context, p Post) (Posted, error)

// Post is what a relay posts.
type Post struct {
	Relay     string                   // as the path names it
	Secret    string                   // of the path, or else the password of basic authentication; may be empty
	Header    func(name string) string // the value of a header field
	Body      []byte
	RequestID string
}

// Posted is what a post told of.
type Posted struct {
	Taken   int // reports about mails of ours
	Unknown int // and about others: relays tell of everything they send
}

const (
	returnsPath = "/x/v1/returns/"
	maxPost     = 1 << 20
)

// MaxBodyAt is how many bytes the body of a request to a path may have; zero
// for the API's usual limit.
func MaxBodyAt(path string) int64 {
	if strings.HasPrefix(path, returnsPath) {
		return maxPost
	}
	return 0
}

// returned passes a relay's post on. Its query is not looked at: relays add to
// addresses what they like.
func (a *API) returned(c *call) error {
	if a.Returns == nil {
		return errNoRoute
	}
	p := Post{Relay: c.args[0], Header: c.r.Header.Get, RequestID: httpd.RequestID(c.r.Context())}
	_, p.Secret, _ = c.r.BasicAuth()
	if len(c.args) > 1 {
		p.Secret, _ = url.PathUnescape(c.args[1]) // a bad escape is no secret of ours
	}
	var err error
	if p.Body, err = c.post(); err != nil {
		return err
	}
	done, err := a.Returns(c.r.Context(), p)
	if err != nil {
		return invalid(err)
	}
	return c.writeJSON(wirePosted(done))
}

// post reads a body that need not be what the API reads otherwise.
func (c *call) post() ([]byte, error) {
	body, err := io.ReadAll(c.r.Body) // the edge bounds it
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, errPostTooLarge
	case err != nil:
		return nil, invalid(beta.Violation{Code: codeParse, Message: "$: the body ended early"})
	}
	return body, nil
}
