package storetest

import (
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// A client, and what it gets.
var (
	aClient = lwa.Client{
		ID: "C1", Vendor: vendor, Name: `It's "quoted"`, Secret: lwa.Digest{1}, Scope: lwa.ScopeRead,
		RedirectURIs: []string{"https://a.example/cb?x=1", "com.example.app:/cb"}, CreatedAt: Start,
	}
	refresh, access = lwa.Digest{2}, lwa.Digest{3}
	aPair           = lwa.Pair{
		Refresh: refresh,
		Grant:   lwa.Grant{Client: "C1", Vendor: vendor, Person: "P1", Scope: lwa.ScopeRead, CreatedAt: Start},
		Access:  access,
		Token: lwa.Token{
			Vendor: vendor, Scope: lwa.ScopeRead, IssuedAt: Start, ExpiresAt: Start.Add(time.Hour), Grant: refresh,
		},
	}
)

// withClient is for cases that need one, and a person for whom it acts.
func withClient(run func(*bench)) func(*bench) {
	return func(b *bench) {
		created, err := b.CreateClient(b.ctx, aClient)
		b.ok(err)
		b.want("created", created, true)
		b.ok(b.CreatePerson(b.ctx, signin.Person{ID: "P1", Email: beta.Email{Key: "p1@x.test"}}))
		b.role("P1", vendor, lwa.Editor)
		run(b)
	}
}

// withPair is for cases that need a client with tokens.
func withPair(run func(*bench)) func(*bench) {
	return withClient(func(b *bench) {
		b.ok(b.SavePair(b.ctx, aPair))
		b.wantToken(access, tokenOfPair(), true)
		run(b)
	})
}

// tokenOfPair is how the access token of the pair is read.
func tokenOfPair() lwa.Token {
	t := aPair.Token
	t.Client, t.Person, t.Part = "C1", "P1", lwa.Editor
	return t
}

var clientCases = []Case{
	{"a client is kept as it was made, once", withClient(func(b *bench) {
		other := aClient
		other.Name = "other"
		created, err := b.CreateClient(b.ctx, other)
		b.ok(err)
		b.want("created again", created, false)
		b.wantClient("C1", aClient)
		b.wantClient("c1", lwa.Client{})
	})},
	{"a client needs its vendor, if it has one", func(b *bench) {
		if _, err := b.CreateClient(b.ctx, lwa.Client{ID: "C1", Vendor: "nobody"}); err == nil {
			b.Error("a client of no vendor was stored")
		}
		free := lwa.Client{ID: "C1", Name: "free", CreatedAt: Start}
		b.ok(second(b.CreateClient(b.ctx, free)))
		b.wantClient("C1", free)
	}},
	{"a vendor's clients come by id, revoked ones too", withClient(func(b *bench) {
		first, free := lwa.Client{ID: "A", Vendor: vendor, CreatedAt: Start}, lwa.Client{ID: "B", CreatedAt: Start}
		b.ok(second(b.CreateClient(b.ctx, free)))
		b.ok(second(b.CreateClient(b.ctx, first)))
		b.ok(second(b.RevokeClient(b.ctx, "A", Start)))
		first.RevokedAt = Start
		list, err := b.Clients(b.ctx, vendor)
		b.ok(err)
		b.want("clients", list, []lwa.Client{first, aClient})
		list, err = b.Clients(b.ctx, "nobody")
		b.ok(err)
		b.want("clients of nobody", list, []lwa.Client(nil))
	})},
	{"a secret is rotated, but not that of a revoked client", withClient(func(b *bench) {
		rotate := func(id string, secret byte, want bool) {
			found, err := b.RotateClient(b.ctx, id, lwa.Digest{secret})
			b.ok(err)
			b.want("found "+id, found, want)
		}
		rotate("C2", 8, false)
		rotate("C1", 9, true)
		want := aClient
		want.Secret = lwa.Digest{9}
		b.wantClient("C1", want)
		b.ok(second(b.RevokeClient(b.ctx, "C1", Start)))
		rotate("C1", 10, false)
	})},
	{"a revoked client's tokens are revoked, until it may work again", withPair(func(b *bench) {
		for _, at := range []time.Time{b.clock.Now(), {}} {
			found, err := b.RevokeClient(b.ctx, "C1", at)
			b.ok(err)
			b.want("found", found, true)
			want := tokenOfPair()
			want.RevokedAt = at
			b.wantToken(access, want, true)
		}
		found, err := b.RevokeClient(b.ctx, "C2", b.clock.Now())
		b.ok(err)
		b.want("found another", found, false)
	})},
	{"a revoked grant's tokens are revoked", withPair(func(b *bench) {
		at := Start.Add(time.Minute)
		token, grant := tokenOfPair(), aPair.Grant
		token.RevokedAt, grant.RevokedAt, grant.ExpiresAt = at, at, at
		for _, again := range []time.Duration{0, time.Hour} { // what was first stays
			b.ok(b.RevokeGrant(b.ctx, refresh, at.Add(again)))
			b.wantToken(access, token, true)
			b.wantGrant(refresh, grant, true)
		}
	})},
	{"a token whose grant is gone is gone", withPair(func(b *bench) {
		other := lwa.Pair{Refresh: lwa.Digest{7}, Grant: aPair.Grant, Access: lwa.Digest{8}, Token: aPair.Token}
		other.Token.Grant = other.Refresh
		b.ok(b.SavePair(b.ctx, other))
		for _, want := range []int{1, 1, 0} {
			n, err := b.DropGrants(b.ctx, "C1", 1)
			b.ok(err)
			b.want("dropped", n, want)
		}
		b.wantToken(access, lwa.Token{}, false)
		b.wantGrant(refresh, lwa.Grant{}, false)
		b.wantClient("C1", aClient)
	})},
	{"a pair is stored whole or not at all", withClient(func(b *bench) {
		for _, spoil := range []func(*lwa.Pair){
			func(p *lwa.Pair) { p.Grant.Client = "nobody" },
			func(p *lwa.Pair) { p.Token.Vendor = "nobody" },
		} {
			pair := aPair
			spoil(&pair)
			if err := b.SavePair(b.ctx, pair); err == nil {
				b.Errorf("%+v was stored", pair)
			}
			b.wantGrant(refresh, lwa.Grant{}, false)
			b.wantToken(access, lwa.Token{}, false)
		}
	})},
}

func (b *bench) wantClient(id string, want lwa.Client) {
	b.Helper()
	got, found, err := b.Client(b.ctx, id)
	b.ok(err)
	b.want("client", got, want)
	b.want("client found", found, want.ID != "")
}

func (b *bench) wantGrant(d lwa.Digest, want lwa.Grant, wantFound bool) {
	b.Helper()
	got, found, err := b.Grant(b.ctx, d)
	b.ok(err)
	b.want("grant", got, want)
	b.want("grant found", found, wantFound)
}
