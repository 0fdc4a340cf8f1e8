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
	return t.later(nil, `
		insert into tokens (digest, vendor_id, scope, created_at, expires_at, revoked_at, grant_digest)
		values ($1, $2, $3, $4, $5, 0, $6)`,
		d[:], token.Vendor, token.Scope, ms(token.IssuedAt), ms(token.ExpiresAt), orNone(token.Grant))
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
	err := s.readOne(ctx, func(t tx) (err error) {
		known, err = t.store.memo.tokens.ask(t.mark, d, func() (f found[lwa.Token], err error) {
			f.row, f.there, err = t.token(d)
			return f, err
		})
		return err
	})
	if err == nil && s.presumes {
		s.believe(d, known)
	}
	return known.row, known.there, err
}

// believe keeps what was read of a token. Made up ones push nothing out.
func (s *Store) believe(d lwa.Digest, now found[lwa.Token]) {
	if _, was := s.memo.believed.row(beta.Mark{}, d); was || now.there {
		s.memo.believed.keep(beta.Mark{}, d, now)
	}
}

// Believed implements [lwa.Store].
func (s *Store) Believed(d lwa.Digest) (lwa.Token, bool) {
	known, _ := s.memo.believed.row(beta.Mark{}, d)
	return known.row, known.there
}

// confirm has the token that a request is served by, where it is only believed,
// read again with what follows, and compared before a row of that is passed on.
func (t tx) confirm(b *lwa.Belief) error {
	if !b.Open() {
		return nil
	}
	return t.later(func(r row) error {
		if r == nil {
			return b.Compare(lwa.Token{}, false)
		}
		return b.Compare(tokenOf(r))
	}, selectToken, b.Digest[:])
}

// token reads what stands behind a token in one statement.
func (t tx) token(d lwa.Digest) (token lwa.Token, found bool, err error) {
	_, err = t.one(func(r row) { token, found = tokenOf(r) }, selectToken, d[:])
	return token, found, err
}

// selectToken has substr for SQLite, which would plan anew for each bare value of
// a join (decision 0008). What is absent reads as empty.
const selectToken = `
	select t.vendor_id, t.scope, t.created_at, t.expires_at, t.revoked_at, t.grant_digest,
		c.id, g.person, g.revoked_at, c.revoked_at, r.part
	from tokens t
		left join grants g on g.digest = t.grant_digest
		left join clients c on c.id = g.client_id
		left join roles r on r.person_id = g.person and r.vendor_id = t.vendor_id
	where t.digest = substr($1, 1)`

// tokenOf returns the token of a row; one whose grant is gone is not found.
func tokenOf(r row) (token lwa.Token, found bool) {
	token = tokenFrom(r)
	token.RevokedAt = at(cmp.Or(r.int(4), r.int(8), r.int(9)))
	if token.Grant != (lwa.Digest{}) && token.Client == "" {
		return lwa.Token{}, false
	}
	return token, true
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
		IssuedAt: at(r.int(2)), ExpiresAt: at(r.int(3)),
		Grant: digestFrom(r.blob(5)), Client: r.text(6), Person: r.text(7), Part: lwa.Part(r.text(10)),
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
