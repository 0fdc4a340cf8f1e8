package lwa

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tryout/internal/beta"
)

// ErrOutdated is told to who was served by a [Belief] that no longer holds.
// Nothing was answered; serve the request anew, by [Access.Caller].
var ErrOutdated = errors.New("the token is not what it was when it was last read")

// Belief is a token as it was read for another request. Where reading one is a
// trip to a server, a request begins with what is believed of its token, and the
// token is read again in the same trip and snapshot as the first thing that the
// request asks for: what is answered is as true as if it had been read first.
type Belief struct {
	Digest Digest
	token  Token
	now    func() time.Time
	held   bool // the token was read again, and is the same
}

// Open reports whether the token still has to be read. There may be no belief.
func (b *Belief) Open() bool { return b != nil && !b.held }

// Compare takes what was read of the token; it fails with ErrOutdated when that
// is something else, or has expired since: the request may have waited.
func (b *Belief) Compare(t Token, found bool) error {
	if !found || t != b.token || !b.now().Before(t.ExpiresAt) {
		return ErrOutdated
	}
	b.held = true
	return nil
}

type beliefKey struct{}

// BeliefIn returns what the request that ctx belongs to is served by; nil if its
// token was read.
func BeliefIn(ctx context.Context) *Belief {
	b, _ := ctx.Value(beliefKey{}).(*Belief)
	return b
}

// Presume is Caller, by what is believed of the token where the store can tell
// that: the context returned has the Belief then, and is to be passed to all that
// serves the request. Whoever answers calls Confirm first.
func (a Access) Presume(ctx context.Context, h http.Header) (context.Context, beta.Caller, error) {
	token, err := bearer(h)
	if err != nil {
		return ctx, beta.Caller{}, err
	}
	if a.Others != nil && !isOurs(token) {
		by, err := a.guest(ctx, token)
		return ctx, by, err
	}
	d := digest(token)
	if known, found := a.Store.Believed(d); found {
		if t, err := a.judge(known, found); err == nil {
			return context.WithValue(ctx, beliefKey{}, &Belief{Digest: d, token: known, now: a.Now}), callerOf(d, t), nil
		} // it may have become better
	}
	by, err := a.caller(ctx, d)
	return ctx, by, err
}

// Confirm reads the token of a request that asked the store for nothing, where
// it is only believed. It fails with ErrOutdated when it is something else.
func (a Access) Confirm(ctx context.Context) error {
	b := BeliefIn(ctx)
	if !b.Open() {
		return nil
	}
	t, found, err := a.Store.Token(context.WithValue(ctx, beliefKey{}, nil), b.Digest)
	if err != nil {
		return err
	}
	return b.Compare(t, found)
}
