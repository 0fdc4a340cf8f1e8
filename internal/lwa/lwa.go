// Package lwa is access: it issues and checks bearer tokens the way Login with
// Amazon does. Tokens are opaque ("Atza|" and 256 random bits), bound to a
// vendor, of a scope and for a time; only their SHA-256 is stored. (They have
// so much entropy that a slow hash would add nothing.)
//
// Tokens are made by the operator, or given to a client ([Client]) through the
// endpoints of Login with Amazon ([Server]): in exchange for a code that a
// person let it have, for a refresh token, or for the client's own secret.
//
// A token is asked about in the database at every request, so that a revoked
// one is dead at once, on every replica. Those that somebody else gave are for
// [Others] to judge.
package lwa

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tryout/internal/beta"
)

// Scopes known here (contract of SMAPI; any other is ignored).
const (
	ScopeWrite = "alexa::ask:skills:readwrite" // everything
	ScopeRead  = "alexa::ask:skills:read"      // the GETs
)

// Digest is the SHA-256 of a token.
type Digest [sha256.Size]byte

// Token is what is known of an access token.
type Token struct {
	Vendor    beta.VendorID
	Scope     string // space separated, RFC 6749 section 3.3
	IssuedAt  time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero while it is good
	Grant     Digest    // of its refresh token; zero when the operator made it

	// What the grant says, only where a token is read.
	Client, Person string
	Part           Part // the person's in the vendor by now
}

// Access issues and checks tokens.
type Access struct {
	Store Store
	Now   func() time.Time
	Life  time.Duration // of the access tokens that clients get; zero means an hour

	Others Others // nil: only tokens of ours are good
}

// ErrScope is returned by Issue when no scope of the list is known.
var ErrScope = errors.New("no known scope; use " + ScopeWrite + " or " + ScopeRead)

// Issue makes an access token for a vendor that is good for ttl. Scopes that
// are not known here are left out; ErrScope when none remains.
func (a Access) Issue(ctx context.Context, vendor beta.VendorID, scope string, ttl time.Duration) (token string, err error) {
	granted := known(scope)
	if granted == "" {
		return "", ErrScope
	}
	token = accessPrefix + secret()
	err = a.Store.SaveToken(ctx, digest(token), Token{
		Vendor: vendor, Scope: granted, IssuedAt: a.Now(), ExpiresAt: a.Now().Add(ttl),
	})
	return token, err
}

// Revoke ends a token at once; found is false when there is no such token.
func (a Access) Revoke(ctx context.Context, token string) (found bool, err error) {
	return a.Store.RevokeToken(ctx, digest(token), a.Now())
}

// Caller returns who sends a request, told by its Authorization header alone. A
// missing, unknown, expired or revoked token is an [beta.Unauthorized] error. One
// that cannot be ours by its form is for Others to judge; a token of our form is
// shown to nobody.
func (a Access) Caller(ctx context.Context, h http.Header) (beta.Caller, error) {
	token, err := bearer(h)
	if err != nil {
		return beta.Caller{}, err
	}
	if a.Others != nil && !isOurs(token) {
		return a.guest(ctx, token)
	}
	return a.caller(ctx, digest(token))
}

func (a Access) caller(ctx context.Context, d Digest) (beta.Caller, error) {
	t, err := a.check(ctx, d)
	if err != nil {
		return beta.Caller{}, err
	}
	return callerOf(d, t), nil
}

// callerOf is who has a token that is good.
func callerOf(d Digest, t Token) beta.Caller {
	return beta.Caller{
		Name:        d.name(),
		Vendor:      t.Vendor,
		Write:       allows(t.Scope, ScopeWrite),
		TestersOnly: t.Person != "" && t.Part != Owner,
	}
}

// check returns the token with a digest; one that is not good is an
// [beta.Unauthorized] error.
func (a Access) check(ctx context.Context, d Digest) (Token, error) {
	t, found, err := a.Store.Token(ctx, d)
	if err != nil {
		return Token{}, fmt.Errorf("check token: %w", err)
	}
	return a.judge(t, found)
}

// judge returns what was found of a token as it counts now.
func (a Access) judge(t Token, found bool) (Token, error) {
	switch {
	case !found:
		return Token{}, unauthorized("The token is not known.")
	case !t.RevokedAt.IsZero():
		return Token{}, unauthorized("The token was revoked.")
	case !a.Now().Before(t.ExpiresAt):
		return Token{}, unauthorized("The token has expired.")
	}
	if t.Person == "" {
		return t, nil
	}
	if t.Scope = within(t.Scope, t.Part.scope()); t.Scope == "" {
		return Token{}, unauthorized("The person for whom the token acts has no part in the vendor any more.")
	}
	return t, nil
}

// bearer returns the token of the one Authorization header: "Bearer token", the
// scheme in any case, or the bare token, as ask-cli's older client sends it.
func bearer(h http.Header) (string, error) {
	values := h["Authorization"]
	if len(values) != 1 {
		return "", unauthorized("One Authorization header with a bearer token is needed.")
	}
	scheme, token, found := strings.Cut(strings.TrimSpace(values[0]), " ")
	if !found {
		scheme, token = "Bearer", scheme
	}
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t,\"") {
		return "", unauthorized("The Authorization header must be: Bearer, a space, and the token.")
	}
	return token, nil
}

func unauthorized(message string) error {
	return &beta.Error{Kind: beta.Unauthorized, Code: beta.CodeUnauthorized, Message: message}
}

func known(scope string) string {
	scopes := slices.DeleteFunc(strings.Fields(scope), func(s string) bool {
		return s != ScopeWrite && s != ScopeRead
	})
	slices.Sort(scopes)
	return strings.Join(slices.Compact(scopes), " ")
}

// What a token begins with tells people which of them it is.
const (
	accessPrefix  = "Atza|"
	refreshPrefix = "Atzr|"
	codePrefix    = "AN"
)

// secret returns 256 random bits in letters, digits, "-" and "_": what even
// forms that are not percent-encoded can carry.
func secret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func digest(token string) Digest {
	var room [64]byte // ours have 48
	return sha256.Sum256(append(room[:0], token...))
}

// name is a token's in the log: enough to tell it from others, not to use it.
func (d Digest) name() string {
	var room [len("token ") + 8]byte
	return string(hex.AppendEncode(append(room[:0], "token "...), d[:4]))
}

// allows reports whether a list of scopes has one.
func allows(list, scope string) bool {
	for s := range strings.FieldsSeq(list) {
		if s == scope {
			return true
		}
	}
	return false
}
