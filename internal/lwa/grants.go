package lwa

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"
)

// ownLife is how long the refresh token is good that a client gets for itself:
// it has no use for one, since its secret gets it another access token, but who
// stores the whole answer wants one in it.
const ownLife = 24 * time.Hour

// ErrNoCode is returned by a [Store] for a code that is not there.
var ErrNoCode = errors.New("no such code")

var (
	errCode    = refuse(invalidGrant, "The code is not known, was used before, has expired, or was given to another client or redirect_uri.")
	errProof   = refuse(invalidGrant, "The code_verifier is missing, wrong, or of a code that was asked for without a code_challenge.")
	errRefresh = refuse(invalidGrant, "The refresh_token is not known, was revoked, has expired, or belongs to another client.")
	errPerson  = refuse(invalidGrant, "The person who let the client act may not do so any more.")
	errWider   = refuse(invalidScope, "The scope is not known or more than was granted.")
)

// answer is what the token endpoint gives.
type answer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// give answers a client that has proved who it is.
func (s *Server) give(ctx context.Context, c Client, p params) (answer, error) {
	switch p["grant_type"] {
	case "":
		return answer{}, refuse(invalidRequest, "grant_type is missing.")
	case "authorization_code":
		return s.exchange(ctx, c, p)
	case "refresh_token":
		return s.refresh(ctx, c, p)
	case "client_credentials":
		return s.own(ctx, c, p)
	}
	return answer{}, refuse(unsupportedGrant, "The grant_type must be authorization_code, refresh_token or client_credentials.")
}

// exchange gives a pair of tokens for a code, once. One used a second time has
// leaked: what the first gave is revoked.
func (s *Server) exchange(ctx context.Context, c Client, p params) (answer, error) {
	if p["code"] == "" || p["redirect_uri"] == "" {
		return answer{}, refuse(invalidRequest, "code and redirect_uri are needed.")
	}
	var made pairing
	spent, err := s.Access.Store.Redeem(ctx, digest(p["code"]), s.Access.Now(), func(code Code) (Pair, error) {
		made = s.Access.pair(Grant{Client: c.ID, Vendor: code.Vendor, Person: code.Person, Scope: code.Scope})
		return made.Pair, s.mayExchange(c, code, p)
	})
	switch {
	case errors.Is(err, ErrNoCode), spent:
		return answer{}, errCode
	case err != nil:
		return answer{}, err
	}
	scope, err := s.still(ctx, made.Grant)
	if err == nil && scope != made.Grant.Scope {
		err = errPerson
	}
	if err != nil { // nobody will hear of these tokens
		return answer{}, errors.Join(err, s.Access.Store.RevokeGrant(ctx, made.Refresh, s.Access.Now()))
	}
	return s.answer(made.access, made.refresh, made.Grant.Scope), nil
}

// mayExchange says what keeps a client from exchanging a code.
func (s *Server) mayExchange(c Client, code Code, p params) error {
	switch {
	case code.Client != c.ID, code.RedirectURI != p["redirect_uri"], !s.Access.Now().Before(code.ExpiresAt):
		return errCode
	case code.Challenge == "" && p["code_verifier"] == "":
		return nil
	case code.Challenge == "" || !proves(p["code_verifier"], code.Challenge):
		return errProof
	}
	return nil
}

// proves reports whether a verifier is the one of a challenge (RFC 7636, S256).
func proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// refresh gives another access token. The refresh token stays the same: the
// SDKs do not read a new one.
func (s *Server) refresh(ctx context.Context, c Client, p params) (answer, error) {
	if p["refresh_token"] == "" {
		return answer{}, refuse(invalidRequest, "refresh_token is missing.")
	}
	d := digest(p["refresh_token"])
	g, found, err := s.Access.Store.Grant(ctx, d)
	if err != nil {
		return answer{}, err
	}
	if !found || g.Client != c.ID || !g.RevokedAt.IsZero() || !g.ExpiresAt.IsZero() && !s.Access.Now().Before(g.ExpiresAt) {
		return answer{}, errRefresh
	}
	g.Scope, err = s.still(ctx, g)
	if err != nil {
		return answer{}, err
	}
	if asked, some := p["scope"]; some {
		if g.Scope, err = narrower(asked, g.Scope); err != nil {
			return answer{}, err
		}
	}
	access, t := s.Access.token(g, d)
	if err := s.Access.Store.SaveToken(ctx, digest(access), t); err != nil {
		return answer{}, err
	}
	return s.answer(access, p["refresh_token"], g.Scope), nil
}

// still returns what is left of a grant's scope: the person who gave it may
// have less to give now.
func (s *Server) still(ctx context.Context, g Grant) (string, error) {
	if g.Person == "" {
		return g.Scope, nil
	}
	if s.People == nil {
		return "", errPerson
	}
	p, found, err := s.People.Person(ctx, g.Person)
	if err != nil {
		return "", err
	}
	scope := within(g.Scope, p.role(g.Vendor).Part.scope())
	if !found || scope == "" {
		return "", errPerson
	}
	return scope, nil
}

// narrower returns the known part of a scope that is asked for, all of which
// must have been granted.
func narrower(asked, granted string) (string, error) {
	scope := known(asked)
	if scope == "" || within(scope, granted) != scope {
		return "", errWider
	}
	return scope, nil
}

// own gives a client a token for itself. One that asks people gets none: its
// secret lies on many machines, and everybody there would be its vendor.
func (s *Server) own(ctx context.Context, c Client, p params) (answer, error) {
	if len(c.RedirectURIs) > 0 || c.Vendor == "" {
		return answer{}, refuse(unauthorizedClient, "This client has a redirect URI, so it acts for people only.")
	}
	scope := c.Scope
	if asked, some := p["scope"]; some {
		var err error
		if scope, err = narrower(asked, c.Scope); err != nil {
			return answer{}, err
		}
	}
	made := s.Access.pair(Grant{Client: c.ID, Vendor: c.Vendor, Scope: scope, ExpiresAt: s.Access.Now().Add(ownLife)})
	if err := s.Access.Store.SavePair(ctx, made.Pair); err != nil {
		return answer{}, err
	}
	return s.answer(made.access, made.refresh, scope), nil
}

func (s *Server) answer(access, refresh, scope string) answer {
	return answer{access, "bearer", int(s.Access.life().Seconds()), refresh, scope}
}

// pairing is a pair with the tokens themselves.
type pairing struct {
	Pair
	access, refresh string
}

// pair makes the tokens of a new grant.
func (a Access) pair(g Grant) pairing {
	g.CreatedAt = a.Now()
	refresh := refreshPrefix + secret()
	d := digest(refresh)
	access, t := a.token(g, d)
	return pairing{Pair{d, g, digest(access), t}, access, refresh}
}

// token makes an access token of a grant.
func (a Access) token(g Grant, refresh Digest) (string, Token) {
	return accessPrefix + secret(), Token{
		Vendor: g.Vendor, Scope: g.Scope, Grant: refresh,
		IssuedAt: a.Now(), ExpiresAt: a.Now().Add(a.life()),
	}
}

func (a Access) life() time.Duration { return cmp.Or(a.Life, time.Hour) }
