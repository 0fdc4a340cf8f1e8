package store

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// SaveCode implements [lwa.Store].
func (s *Store) SaveCode(ctx context.Context, d lwa.Digest, c lwa.Code) error {
	return s.engine.update(ctx, func(conn conn) error { return s.on(conn).saveCode(d, c) })
}

func (t tx) saveCode(d lwa.Digest, c lwa.Code) error {
	_, err := t.exec(`
		insert into codes (digest, client_id, vendor_id, person, scope, redirect_uri, challenge, expires_at, gave)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		d[:], c.Client, c.Vendor, c.Person, c.Scope, c.RedirectURI, c.Challenge, ms(c.ExpiresAt), orNone(lwa.Digest{}))
	return err
}

// Redeem implements [lwa.Store].
func (s *Store) Redeem(ctx context.Context, d lwa.Digest, now time.Time, give func(lwa.Code) (lwa.Pair, error)) (spent bool, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		t := s.on(c)
		code, gave, err := t.lockCode(d)
		if err != nil {
			return err
		}
		if spent = gave != (lwa.Digest{}); spent {
			return t.revokeGrant(gave, now)
		}
		pair, err := give(code)
		if err != nil {
			return err
		}
		if err := t.spend(d, pair.Refresh); err != nil {
			return err
		}
		return t.savePair(pair)
	})
	return spent, err
}

// spend notes on a code what it gave.
func (t tx) spend(code, refresh lwa.Digest) error {
	_, err := t.exec("update codes set gave = $2 where digest = $1", code[:], refresh[:])
	return err
}

// lockCode returns a code and what it gave, holding it against others who would
// redeem it.
func (t tx) lockCode(d lwa.Digest) (c lwa.Code, gave lwa.Digest, err error) {
	found, err := t.one(func(r row) {
		c = lwa.Code{
			Client: r.text(0), Vendor: beta.VendorID(r.text(1)), Person: r.text(2), Scope: r.text(3),
			RedirectURI: r.text(4), Challenge: r.text(5), ExpiresAt: at(r.int(6)),
		}
		gave = digestFrom(r.blob(7))
	}, `
		select client_id, vendor_id, person, scope, redirect_uri, challenge, expires_at, gave
		from codes
		where digest = $1 `+t.lockRow, d[:])
	if err == nil && !found {
		err = lwa.ErrNoCode
	}
	return c, gave, err
}

// SavePair implements [lwa.Store].
func (s *Store) SavePair(ctx context.Context, p lwa.Pair) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).savePair(p) })
}

func (t tx) savePair(p lwa.Pair) error {
	g := p.Grant
	_, err := t.exec(`
		insert into grants (digest, client_id, vendor_id, person, scope, created_at, expires_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, $7, 0)`,
		p.Refresh[:], g.Client, g.Vendor, g.Person, g.Scope, ms(g.CreatedAt), ms(g.ExpiresAt))
	if err != nil {
		return err
	}
	return t.saveToken(p.Access, p.Token)
}

// Grant implements [lwa.Store].
func (s *Store) Grant(ctx context.Context, refresh lwa.Digest) (g lwa.Grant, found bool, err error) {
	err = s.readOne(ctx, func(t tx) (err error) {
		g, found, err = t.grant(refresh)
		return err
	})
	return g, found, err
}

func (t tx) grant(refresh lwa.Digest) (g lwa.Grant, found bool, err error) {
	found, err = t.one(func(r row) {
		g = lwa.Grant{
			Client: r.text(0), Vendor: beta.VendorID(r.text(1)), Person: r.text(2), Scope: r.text(3),
			CreatedAt: at(r.int(4)), ExpiresAt: at(r.int(5)), RevokedAt: at(r.int(6)),
		}
	}, `
		select client_id, vendor_id, person, scope, created_at, expires_at, revoked_at
		from grants
		where digest = $1`, refresh[:])
	return g, found, err
}

// RevokeGrant implements [lwa.Store].
func (s *Store) RevokeGrant(ctx context.Context, refresh lwa.Digest, now time.Time) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).revokeGrant(refresh, now) })
}

func (t tx) revokeGrant(refresh lwa.Digest, now time.Time) error {
	_, err := t.exec(`
		update grants
		set revoked_at = $2, expires_at = $2
		where digest = $1 and revoked_at = 0`, refresh[:], ms(now))
	return err
}

// swept are the tables from which what ended goes.
var swept = []string{"tokens", "codes", "grants"}

// Sweep implements [lwa.Store]. It looks before it writes: a write, however
// empty, would be a commit.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	for _, table := range swept {
		some, err := s.sweep(ctx, table, before, limit)
		if err != nil {
			return false, err
		}
		more = more || some
	}
	return more, nil
}

func (s *Store) sweep(ctx context.Context, table string, before time.Time, limit int) (more bool, err error) {
	some := false
	err = s.readOne(ctx, func(t tx) (err error) {
		some, err = t.anyEnded(table, before)
		return err
	})
	if err != nil || !some {
		return false, err
	}
	err = s.engine.update(ctx, func(c conn) error {
		n, err := s.on(c).deleteEnded(table, before, limit)
		more = n == int64(limit)
		return err
	})
	return more, err
}

// ended are digests of a table that ended before a time: $1, and at most $2.
func ended(table string) string {
	return "select digest from " + table + " where expires_at > 0 and expires_at < $1 + 0 order by expires_at limit $2 + 0"
}

func (t tx) anyEnded(table string, before time.Time) (bool, error) {
	return t.one(func(row) {}, ended(table), ms(before), 1)
}

func (t tx) deleteEnded(table string, before time.Time, limit int) (int64, error) {
	return t.exec("delete from "+table+" where digest in ("+ended(table)+")", ms(before), limit)
}
