package store

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// SaveToken implements [lwa.Store].
func (s *Store) SaveToken(ctx context.Context, d lwa.Digest, t lwa.Token) error {
	return s.engine.update(ctx, func(c conn) error {
		_, err := c.exec(`
			insert into tokens (digest, vendor_id, scope, created_at, expires_at, revoked_at)
			values ($1, $2, $3, $4, $5, 0)`,
			d[:], t.Vendor, t.Scope, ms(s.now()), ms(t.ExpiresAt))
		return err
	})
}

// Token implements [lwa.Store].
func (s *Store) Token(ctx context.Context, d lwa.Digest) (lwa.Token, bool, error) {
	var known found[lwa.Token]
	err := s.read(ctx, func(t tx) (err error) {
		known, err = t.store.memo.tokens.ask(t.mark, d, func() (f found[lwa.Token], err error) {
			f.there, err = t.one(func(r row) { f.row = tokenFrom(r) },
				"select vendor_id, scope, expires_at, revoked_at from tokens where digest = $1", d[:])
			return f, err
		})
		return err
	})
	return known.row, known.there, err
}

// RevokeToken implements [lwa.Store].
func (s *Store) RevokeToken(ctx context.Context, d lwa.Digest, now time.Time) (found bool, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		n, err := c.exec("update tokens set revoked_at = $2 where digest = $1", d[:], ms(now))
		found = n == 1
		return err
	})
	return found, err
}

func tokenFrom(r row) lwa.Token {
	return lwa.Token{
		Vendor: beta.VendorID(r.text(0)), Scope: r.text(1),
		ExpiresAt: at(r.int(2)), RevokedAt: at(r.int(3)),
	}
}
