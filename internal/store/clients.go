package store

import (
	"context"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

const clientColumns = "id, vendor_id, name, secret, scope, redirect_uris, created_at, revoked_at"

// CreateClient implements [lwa.Store].
func (s *Store) CreateClient(ctx context.Context, c lwa.Client) (created bool, err error) {
	return s.changed(ctx, `
		insert into clients (id, vendor_id, name, secret, scope, redirect_uris, created_at, revoked_at)
		values ($1, nullif($2, ''), $3, $4, $5, $6, $7, 0)
		on conflict (id) do nothing`,
		c.ID, c.Vendor, c.Name, c.Secret[:], c.Scope, strings.Join(c.RedirectURIs, "\n"), ms(c.CreatedAt))
}

// Client implements [lwa.Store].
func (s *Store) Client(ctx context.Context, id string) (c lwa.Client, found bool, err error) {
	err = s.readOne(ctx, func(t tx) (err error) {
		c, found, err = t.client(id)
		return err
	})
	return c, found, err
}

func (t tx) client(id string) (c lwa.Client, found bool, err error) {
	found, err = t.one(func(r row) { c = clientFrom(r) }, "select "+clientColumns+" from clients where id = $1", id)
	return c, found, err
}

// Clients implements [lwa.Store].
func (s *Store) Clients(ctx context.Context, vendor beta.VendorID) (list []lwa.Client, err error) {
	err = s.readOne(ctx, func(t tx) (err error) {
		list, err = t.clients(vendor)
		return err
	})
	return list, err
}

func (t tx) clients(vendor beta.VendorID) (list []lwa.Client, err error) {
	err = t.query(func(r row) error {
		list = append(list, clientFrom(r))
		return nil
	}, "select "+clientColumns+" from clients where vendor_id = $1 order by id", vendor)
	return list, err
}

// RotateClient implements [lwa.Store].
func (s *Store) RotateClient(ctx context.Context, id string, secret lwa.Digest) (found bool, err error) {
	return s.changed(ctx, "update clients set secret = $2 where id = $1 and revoked_at = 0", id, secret[:])
}

// RevokeClient implements [lwa.Store].
func (s *Store) RevokeClient(ctx context.Context, id string, now time.Time) (found bool, err error) {
	return s.changed(ctx, "update clients set revoked_at = $2 where id = $1", id, ms(now))
}

// DropGrants implements [lwa.Store].
func (s *Store) DropGrants(ctx context.Context, client string, limit int) (n int, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		changed, err := c.exec(`
			delete from grants
			where digest in (select digest from grants where client_id = $1 limit $2 + 0)`, client, limit)
		n = int(changed)
		return err
	})
	return n, err
}

func clientFrom(r row) lwa.Client {
	c := lwa.Client{
		ID: r.text(0), Vendor: beta.VendorID(r.text(1)), Name: r.text(2), Secret: digestFrom(r.blob(3)),
		Scope: r.text(4), CreatedAt: at(r.int(6)), RevokedAt: at(r.int(7)),
	}
	if uris := r.text(5); uris != "" {
		c.RedirectURIs = strings.Split(uris, "\n")
	}
	return c
}
