package lwa

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
)

// ErrNoCode is returned by a [Store] for a code that is not there.
var ErrNoCode = errors.New("no such code")

var (
	errCode  = refuse(invalidGrant, "The code is not known, was used before, has expired, or was given to another client or redirect_uri.")
	errProof = refuse(invalidGrant, "The code_verifier is missing, wrong, or of a code that was asked for without a code_challenge.")
)

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
