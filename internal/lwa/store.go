package lwa

import (
	"context"
	"time"

	"tryout/internal/beta"
)

// Store is what access needs remembered. Its methods fail with a
// [beta.Unavailable] error when the database cannot be asked now.
type Store interface {
	SaveToken(ctx context.Context, d Digest, t Token) error
	// Token returns a token and what stands behind it, all of one moment: one
	// whose grant or client was revoked is revoked too, one whose grant is gone
	// is not found.
	Token(ctx context.Context, d Digest) (t Token, found bool, err error)
	// Believed returns a token as it was read last, where reading one costs a
	// trip that [Belief] saves: whatever is asked under a context with an open
	// one, in the store's other interfaces too, reads the token again first.
	Believed(d Digest) (t Token, found bool)
	RevokeToken(ctx context.Context, d Digest, now time.Time) (found bool, err error)

	// CreateClient stores a client; created is false when the id is taken.
	CreateClient(ctx context.Context, c Client) (created bool, err error)
	Client(ctx context.Context, id string) (c Client, found bool, err error)
	// Clients returns a vendor's clients, revoked ones too, by id.
	Clients(ctx context.Context, vendor beta.VendorID) ([]Client, error)
	// RotateClient gives a client that is not revoked another secret.
	RotateClient(ctx context.Context, id string, secret Digest) (found bool, err error)
	// RevokeClient ends a client at once, with every token that it has; a zero
	// now lets it work again. found is whether there is such a client.
	RevokeClient(ctx context.Context, id string, now time.Time) (found bool, err error)
	// DropGrants deletes up to limit grants of a client and returns how many.
	DropGrants(ctx context.Context, client string, limit int) (int, error)

	SaveCode(ctx context.Context, d Digest, c Code) error
	// Redeem passes a code to give and stores what that returns, in one
	// transaction, so that a code gives once, however many ask together. A code
	// that gave before is spent: give is not asked, and what it gave is revoked.
	// It is a [Refusal] of give's, or ErrNoCode where there is no such code.
	Redeem(ctx context.Context, code Digest, now time.Time, give func(Code) (Pair, error)) (spent bool, err error)

	// SavePair stores a grant and its first access token.
	SavePair(ctx context.Context, p Pair) error
	Grant(ctx context.Context, refresh Digest) (g Grant, found bool, err error)
	// RevokeGrant ends a grant at once, with every token that came of it.
	RevokeGrant(ctx context.Context, refresh Digest, now time.Time) error

	// Sweep deletes up to limit each of the codes, grants and tokens that ended
	// before a time; more tells whether there may be others.
	Sweep(ctx context.Context, before time.Time, limit int) (more bool, err error)
}

// Code is what a person let a client have: the client exchanges it, once.
type Code struct {
	Client      string
	Vendor      beta.VendorID
	Person      string
	Scope       string
	RedirectURI string
	Challenge   string // of PKCE, S256; empty when the client sent none
	ExpiresAt   time.Time
}

// Grant is what a refresh token stands for.
type Grant struct {
	Client    string
	Vendor    beta.VendorID
	Person    string // empty: the client acts for itself
	Scope     string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: good until it is revoked
	RevokedAt time.Time
}

// Pair is a grant under the digest of its refresh token, and an access token.
type Pair struct {
	Refresh Digest
	Grant   Grant
	Access  Digest
	Token   Token
}
