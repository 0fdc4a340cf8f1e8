package lwa

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
)

// Client is a program that gets tokens. One with redirect URIs gets them for
// people, who sign in and let it; one without gets them for itself.
type Client struct {
	ID           string
	Vendor       beta.VendorID // whom it acts for; empty: for that of the person's which they choose
	Name         string
	Secret       Digest
	Scope        string // the most it can have
	RedirectURIs []string
	CreatedAt    time.Time
	RevokedAt    time.Time // zero while it is good
}

// isOurs reports whether secret is the client's, in the same time for any.
func (c Client) isOurs(secret string) bool {
	d := digest(secret)
	return subtle.ConstantTimeCompare(d[:], c.Secret[:]) == 1
}

// ErrNoClient is returned for a client that is not there or was revoked.
var ErrNoClient = errors.New("there is no such client, or it was revoked")

// CreateClient makes a client of c's vendor, name, scope and redirect URIs. It
// returns it with its secret, which is nowhere kept. It fails with ErrScope, or
// with what is wrong with the name or a URI.
func (a Access) CreateClient(ctx context.Context, c Client) (made Client, secret string, err error) {
	if c.Scope = known(c.Scope); c.Scope == "" {
		return Client{}, "", ErrScope
	}
	if strings.TrimSpace(c.Name) == "" || len(c.Name) > 255 || strings.ContainsFunc(c.Name, unicode.IsControl) {
		return Client{}, "", errors.New("the client's name must have 1 to 255 octets and no control characters")
	}
	for _, uri := range c.RedirectURIs {
		if err := checkRedirect(uri); err != nil {
			return Client{}, "", err
		}
	}
	secret = newClientSecret()
	c.ID, c.Secret, c.CreatedAt = "amzn1.application-oa2-client."+randomHex(16), digest(secret), a.Now()
	if _, err := a.Store.CreateClient(ctx, c); err != nil { // nobody has the id
		return Client{}, "", fmt.Errorf("create client: %w", err)
	}
	return c, secret, nil
}

// RotateClient gives a client another secret and returns it; the one before is
// no good from then on. Tokens stay. It fails with ErrNoClient.
func (a Access) RotateClient(ctx context.Context, id string) (secret string, err error) {
	secret = newClientSecret()
	found, err := a.Store.RotateClient(ctx, id, digest(secret))
	if err == nil && !found {
		err = ErrNoClient
	}
	if err != nil {
		return "", err
	}
	return secret, nil
}

// grantsAtOnce bounds how many grants are deleted in one transaction.
const grantsAtOnce = 500

// RevokeClient ends a client and all its tokens, at once; twice is no error. It
// fails with ErrNoClient where there never was one.
func (a Access) RevokeClient(ctx context.Context, id string) error {
	found, err := a.Store.RevokeClient(ctx, id, a.Now())
	if err == nil && !found {
		err = ErrNoClient
	}
	for n := grantsAtOnce; err == nil && n == grantsAtOnce; {
		n, err = a.Store.DropGrants(ctx, id, grantsAtOnce) // it is dead already; this tidies up
	}
	return err
}

// Clients returns a vendor's clients, by id.
func (a Access) Clients(ctx context.Context, vendor beta.VendorID) ([]Client, error) {
	return a.Store.Clients(ctx, vendor)
}

func newClientSecret() string { return "amzn1.oa2-cs.v1." + randomHex(32) }

func randomHex(octets int) string {
	b := make([]byte, octets)
	rand.Read(b)
	return hex.EncodeToString(b)
}
