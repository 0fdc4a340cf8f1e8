package storetest

import (
	"bytes"
	"crypto/sha256"
	"sync"
	"time"

	"tryout/internal/lwa"
	"tryout/internal/store"
)

var tokenCases = []Case{
	{"a token is kept under its digest until it is revoked", func(b *bench) {
		digest, other := lwa.Digest(sha256.Sum256([]byte("one"))), lwa.Digest(sha256.Sum256([]byte("two")))
		want := lwa.Token{Vendor: vendor, Scope: lwa.ScopeRead + " " + lwa.ScopeWrite, ExpiresAt: Start.Add(time.Hour)}
		b.ok(b.SaveToken(b.ctx, digest, want))
		b.wantToken(digest, want, true)
		b.wantToken(other, lwa.Token{}, false)
		b.clock.Advance(time.Minute)
		for _, d := range []lwa.Digest{other, digest} {
			found, err := b.RevokeToken(b.ctx, d, b.clock.Now())
			b.ok(err)
			b.want("found", found, d == digest)
		}
		want.RevokedAt = b.clock.Now()
		b.wantToken(digest, want, true)
	}},
	{"a token needs its vendor", func(b *bench) {
		if err := b.SaveToken(b.ctx, lwa.Digest{1}, lwa.Token{Vendor: "nobody"}); err == nil {
			b.Error("a token of no vendor was stored")
		}
		b.wantToken(lwa.Digest{1}, lwa.Token{}, false)
	}},
}

var keyCases = []Case{
	{"a key is made once and stays", func(b *bench) {
		links, pages := b.key("links"), b.key("pages")
		b.want("again", b.key("links"), links)
		b.want("size", len(links), store.KeySize)
		if bytes.Equal(links, pages) || bytes.Equal(links, make([]byte, store.KeySize)) {
			b.Errorf("keys: got %x and %x, want two of their own", links, pages)
		}
	}},
	{"all who ask at once get the same key", func(b *bench) {
		keys := make([][]byte, 16)
		var askers sync.WaitGroup
		for i := range keys {
			askers.Go(func() { keys[i] = b.key("links") })
		}
		askers.Wait()
		for _, k := range keys {
			b.want("key", k, keys[0])
		}
	}},
}

func (b *bench) key(name string) []byte {
	b.Helper()
	key, err := b.Key(b.ctx, name)
	b.ok(err)
	return key
}

func (b *bench) wantToken(d lwa.Digest, want lwa.Token, wantFound bool) {
	b.Helper()
	got, found, err := b.Token(b.ctx, d)
	b.ok(err)
	b.want("token", got, want)
	b.want("token found", found, wantFound)
}
