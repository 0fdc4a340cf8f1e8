package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/lwa"
)

var (
	codeDigest = lwa.Digest{5}
	aCode      = lwa.Code{
		Client: "C1", Vendor: vendor, Person: "P1", Scope: lwa.ScopeRead, RedirectURI: "https://a.example/cb?x=1",
		Challenge: "challenge", ExpiresAt: Start.Add(10 * time.Minute),
	}
)

// withCode is for cases that need a client with a code.
func withCode(run func(*bench)) func(*bench) {
	return withClient(func(b *bench) {
		b.ok(b.SaveCode(b.ctx, codeDigest, aCode))
		run(b)
	})
}

var codeCases = []Case{
	{"a code gives once; spent, it takes back what it gave", withCode(func(b *bench) {
		give := func(c lwa.Code) (lwa.Pair, error) {
			b.want("code", c, aCode)
			return aPair, nil
		}
		spent, err := b.Redeem(b.ctx, codeDigest, Start, give)
		b.ok(err)
		b.want("spent", spent, false)
		b.wantGrant(refresh, aPair.Grant, true)
		b.wantToken(access, tokenOfPair(), true)

		at := Start.Add(time.Minute)
		for range 2 {
			spent, err = b.Redeem(b.ctx, codeDigest, at, func(lwa.Code) (lwa.Pair, error) {
				b.Error("a spent code gave again")
				return aPair, nil
			})
			b.ok(err)
			b.want("spent", spent, true)
		}
		want := tokenOfPair()
		want.RevokedAt = at
		b.wantToken(access, want, true)
	})},
	{"what give refuses is not spent", withCode(func(b *bench) {
		_, err := b.Redeem(b.ctx, codeDigest, Start, func(lwa.Code) (lwa.Pair, error) { return aPair, errStop })
		b.wantError("redeem", err, errStop)
		b.wantGrant(refresh, lwa.Grant{}, false)
		spent, err := b.Redeem(b.ctx, codeDigest, Start, func(lwa.Code) (lwa.Pair, error) { return aPair, nil })
		b.ok(err)
		b.want("spent", spent, false)
	})},
	{"a code that is not there gives nothing", withCode(func(b *bench) {
		_, err := b.Redeem(b.ctx, lwa.Digest{6}, Start, func(lwa.Code) (lwa.Pair, error) {
			b.Error("asked")
			return aPair, nil
		})
		b.wantError("redeem", err, lwa.ErrNoCode)
	})},
	{"of many who redeem a code together one gets something", withCode(func(b *bench) {
		var gave atomic.Int32
		var all sync.WaitGroup
		for i := range byte(16) {
			pair := aPair
			pair.Refresh, pair.Access = lwa.Digest{100, i}, lwa.Digest{101, i}
			pair.Token.Grant = pair.Refresh
			all.Go(func() {
				spent, err := b.Redeem(b.ctx, codeDigest, Start, func(lwa.Code) (lwa.Pair, error) { return pair, nil })
				b.ok(err)
				if !spent {
					gave.Add(1)
				}
			})
		}
		all.Wait()
		b.want("gave", gave.Load(), int32(1))
	})},
	{"what ended is swept in steps, and nothing else", withCode(func(b *bench) {
		for i := range byte(5) {
			pair := aPair
			pair.Refresh, pair.Access = lwa.Digest{100, i}, lwa.Digest{101, i}
			pair.Grant.ExpiresAt = Start.Add(time.Duration(i) * time.Hour) // the first: never
			if i == 0 {
				pair.Grant.ExpiresAt = time.Time{}
			}
			pair.Token.Grant, pair.Token.ExpiresAt = pair.Refresh, Start.Add(time.Duration(i)*time.Hour)
			b.ok(b.SavePair(b.ctx, pair))
		}
		b.wantSwept(Start.Add(3*time.Hour), []bool{true, false, false}) // tokens 0, 1 and 2; grants 1 and 2; the code
		left := func(d lwa.Digest) bool {
			_, found, err := b.Grant(b.ctx, d)
			b.ok(err)
			return found
		}
		got := []bool{left(lwa.Digest{100, 0}), left(lwa.Digest{100, 1}), left(lwa.Digest{100, 2}), left(lwa.Digest{100, 3}), left(lwa.Digest{100, 4})}
		b.want("grants left", got, []bool{true, false, false, true, true})
		_, found, err := b.Token(b.ctx, lwa.Digest{101, 2})
		b.ok(err)
		b.want("token 2 left", found, false)
		_, found, err = b.Token(b.ctx, lwa.Digest{101, 3})
		b.ok(err)
		b.want("token 3 left", found, true)
		_, err = b.Redeem(b.ctx, codeDigest, Start, func(lwa.Code) (lwa.Pair, error) { return aPair, nil })
		b.wantError("redeem a swept code", err, lwa.ErrNoCode)
	})},
}

// wantSwept sweeps two at a time, as often as there are answers wanted.
func (b *bench) wantSwept(before time.Time, want []bool) {
	b.Helper()
	var got []bool
	for range want {
		more, err := b.Sweep(b.ctx, before, 2)
		b.ok(err)
		got = append(got, more)
	}
	if !cmp.Equal(got, want) {
		b.Errorf("more to sweep: got %v, want %v", got, want)
	}
}
