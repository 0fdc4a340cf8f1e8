package lwa

import (
	"cmp"
	"context"
	"time"
)

// ownLife is how long the refresh token is good that a client gets for itself:
// it has no use for one, since its secret gets it another access token, but who
// stores the whole answer wants one in it.
const ownLife = 24 * time.Hour

var (
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
