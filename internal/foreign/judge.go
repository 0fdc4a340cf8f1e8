package foreign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// Judge says for whom tokens act that others gave. It has the form that
// [lwa.Access] wants. Make it with [NewJudge].
type Judge struct {
	sources []Source
	seen    *cache
}

// Source is somebody who gives tokens, and what those tokens mean here.
type Source struct {
	Verifier
	Rules Rules
}

// Verifier proves tokens of one origin: an [Amazon] or an [Issuer].
type Verifier interface {
	// takes reports, by its form alone, whether a token can be one of theirs.
	takes(token string) bool
	// verify proves a token. It is a [beta.Unauthorized] error where it is not
	// good, [beta.Unavailable] where that cannot be found out now.
	verify(ctx context.Context, token string) (proof, error)
}

// proof is what a good token says.
type proof struct {
	name    string // of whom it acts for, in our log
	claims  claims
	expires time.Time
}

// NewJudge returns a Judge.
func NewJudge(now func() time.Time, places Places, sources ...Source) *Judge {
	return &Judge{sources: sources, seen: newCache(now, places)}
}

// Guest implements [lwa.Others].
func (j *Judge) Guest(ctx context.Context, token string) (lwa.Guest, error) {
	for _, s := range j.sources {
		if s.takes(token) {
			return j.seen.guest(ctx, sha256.Sum256([]byte(token)), func(ctx context.Context) (lwa.Guest, time.Time, error) {
				return s.judge(ctx, token)
			})
		}
	}
	return lwa.Guest{}, refused("The token is not known: it has neither the form of ours nor an issuer that is asked here.")
}

// judge returns for whom a token acts, and when it ends.
func (s Source) judge(ctx context.Context, token string) (lwa.Guest, time.Time, error) {
	p, err := s.verify(ctx, token)
	if err != nil {
		return lwa.Guest{}, time.Time{}, err
	}
	r, found := s.Rules.find(p.claims)
	if !found {
		return lwa.Guest{}, time.Time{}, refused("The token is good, but who it acts for has no role here.")
	}
	return lwa.Guest{Name: p.name, Vendor: r.Vendor, Part: r.Part}, p.expires, nil
}

// nameOf is somebody's name in our log and batches: the same at each of their
// tokens, and not an address.
func nameOf(kind, issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + " " + subject))
	return kind + " " + hex.EncodeToString(sum[:4])
}

// refused is the error of a token that is not good.
func refused(message string) error {
	return &beta.Error{Kind: beta.Unauthorized, Code: beta.CodeUnauthorized, Message: message}
}
