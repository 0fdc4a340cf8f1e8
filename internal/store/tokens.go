package store

import (
	"cmp"
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// SaveToken implements [lwa.Store].
func (s *Store) SaveToken(ctx context.Context, d lwa.Digest, t lwa.Token) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).saveToken(d, t) })
}

func (t tx) saveToken(d lwa.Digest, token lwa.Token) error {
	_, err := t.exec(`
		insert into tokens (digest, vendor_id, scope, created_at, expires_at, revoked_at, grant_digest)
		values ($1, $2, $3, $4, $5, 0, $6)`,
		d[:], token.Vendor, token.Scope, ms(token.IssuedAt), ms(token.ExpiresAt), orNone(token.Grant))
	return err
}

// Token implements [lwa.Store]. What stands behind a token is remembered with
// it, as read in one state of the database.
func (s *Store) Token(ctx context.Context, d lwa.Digest) (lwa.Token, bool, error) {
	if known, ok := s.memo.tokens.row(s.engine.mark(), d); ok {
		return known.row, known.there, nil
	}
	return s.readToken(ctx, d)
}

func (s *Store) readToken(ctx context.Context, d lwa.Digest) (lwa.Token, bool, error) {
	var known found[lwa.Token]
	err := s.read(ctx, func(t tx) (err error) {
		known, err = t.store.memo.tokens.ask(t.mark, d, func() (f found[lwa.Token], err error) {
			f.row, f.there, err = t.token(d)
			return f, err
		})
		return err
	})
	return known.row, known.there, err
}

func (t tx) token(d lwa.Digest) (token lwa.Token, found bool, err error) {
	found, err = t.one(func(r row) { token = tokenFrom(r) }, `
		select vendor_id, scope, created_at, expires_at, revoked_at, grant_digest
		from tokens
		where digest = $1`, d[:])
	if err != nil || !found || token.Grant == (lwa.Digest{}) {
		return token, found, err
	}
	grant, found, err := t.grant(token.Grant)
	if err != nil || !found {
		return lwa.Token{}, false, err
	}
	client, found, err := t.client(grant.Client)
	if err != nil || !found {
		return lwa.Token{}, false, err
	}
	token.Client, token.Person = grant.Client, grant.Person
	if token.Person != "" {
		if token.Part, err = t.part(grant.Person, token.Vendor); err != nil {
			return lwa.Token{}, false, err
		}
	}
	token.RevokedAt = at(cmp.Or(ms(token.RevokedAt), ms(grant.RevokedAt), ms(client.RevokedAt)))
	return token, true, nil
}

// RevokeToken implements [lwa.Store].
func (s *Store) RevokeToken(ctx context.Context, d lwa.Digest, now time.Time) (found bool, err error) {
	return s.changed(ctx, "update tokens set revoked_at = $2 where digest = $1", d[:], ms(now))
}

// changed runs a statement and reports whether it found what to change.
func (s *Store) changed(ctx context.Context, sql string, args ...any) (found bool, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		n, err := c.exec(sql, args...)
		found = n > 0
		return err
	})
	return found, err
}

func tokenFrom(r row) lwa.Token {
	return lwa.Token{
		Vendor: beta.VendorID(r.text(0)), Scope: r.text(1),
		IssuedAt: at(r.int(2)), ExpiresAt: at(r.int(3)), RevokedAt: at(r.int(4)),
		Grant: digestFrom(r.blob(5)),
	}
}

// orNone is how a digest is stored that may be none.
func orNone(d lwa.Digest) []byte {
	if d == (lwa.Digest{}) {
		return []byte{}
	}
	return d[:]
}

func digestFrom(b []byte) (d lwa.Digest) {
	copy(d[:], b)
	return d
}

var _ lwa.Store = (*Store)(nil)
