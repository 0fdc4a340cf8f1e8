package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

var signInCases = []Case{
	{"a sign-in is kept as it was asked for, with its mail, which goes before others", withAsked(withTest(func(b *bench) {
		want, m := asked("ann@x.test")
		got, found, err := b.SignIn(b.ctx, lwa.Digest{1})
		b.ok(err)
		b.want("found", found, true)
		b.want("sign-in", got, want)
		b.queue(mail(1, -time.Hour), mail(2, -time.Hour))
		b.wantNext(Start.Add(-time.Hour))
		claimed := b.claim("one", 2)
		if len(claimed) != 2 {
			b.Fatalf("claimed %+v, want two", claimed)
		}
		m.Attempts, m.DueAt = 1, Start.Add(lease)
		if claimed[0].ID != m.ID {
			claimed[0], claimed[1] = claimed[1], claimed[0] // in no order
		}
		b.want("the urgent one among them", claimed[0], m)
	}))},
	{"an urgent mail alone is due, and lapses, as others do", withAsked(func(b *bench) {
		b.wantNext(Start)
		b.claim("one", 5)
		b.ok(b.LapseClaims(b.ctx))
		b.wantClaimed(b.claim("two", 5), 0) // no tester's
	})},
	{"a mail is written for who has the address, if it is wanted", withAsked(func(b *bench) {
		goodTo := Start.Add(time.Minute)
		for _, c := range []struct {
			mail   beta.TestID
			wanted func(signin.SignIn) bool
			want   string
		}{{77, no, ""}, {78, yes, ""}, {77, yes, "P2"}} {
			p, ok, err := b.Write(b.ctx, c.mail, goodTo, c.wanted)
			b.ok(err)
			b.want("who", p.ID, c.want)
			b.want("written", ok, c.want != "")
			s, _, err := b.SignIn(b.ctx, lwa.Digest{1})
			b.ok(err)
			b.want("code noted", s.GoodTo.Equal(goodTo), c.want != "")
		}
	})},
	{"an address that is nobody's is asked for all the same, and never written to", func(b *bench) {
		s, m := asked("nobody@x.test")
		b.ok(b.Ask(b.ctx, lwa.Digest{1}, s, m))
		_, ok, err := b.Write(b.ctx, 77, Start, yes)
		b.ok(err)
		b.want("written", ok, false)
		b.wantTry("a try", yes, 1, false)
		b.wantSession(Start, "")
	}},
	{"every try counts, and the right one begins a session", withAsked(func(b *bench) {
		b.wantTry("wrong", no, 1, false)
		b.wantSession(Start, "")
		b.wantTry("right", yes, 2, true)
		b.wantSession(Start, "P2")
		b.wantSession(aSession.ExpiresAt, "")
		s, _, err := b.SignIn(b.ctx, lwa.Digest{1})
		b.ok(err)
		b.want("used", s.UsedAt, Start)
		_, ok, found, err := b.Try(b.ctx, lwa.Digest{2}, yes, aSession)
		b.ok(err)
		b.want("another's: right, found", []bool{ok, found}, []bool{false, false})
	})},
	{"of many who try the right code at once one gets in", withAsked(func(b *bench) {
		var in atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				session := aSession
				session.Digest = lwa.Digest{byte(20 + i)}
				_, ok, _, err := b.Try(b.ctx, lwa.Digest{1}, func(s signin.SignIn) bool { return s.UsedAt.IsZero() }, session)
				b.ok(err)
				if ok {
					in.Add(1)
				}
			})
		}
		all.Wait()
		b.want("let in", in.Load(), int64(1))
		s, _, err := b.SignIn(b.ctx, lwa.Digest{1})
		b.ok(err)
		b.want("tries", s.Tries, 8)
	})},
	{"a session ends when its person is removed, or it is ended", withAsked(func(b *bench) {
		b.wantTry("right", yes, 1, true)
		b.ok(b.EndSession(b.ctx, lwa.Digest{8}))
		b.wantSession(Start, "P2")
		b.ok(b.EndSession(b.ctx, lwa.Digest{9}))
		b.wantSession(Start, "")
		b.wantTry("right", yes, 2, true)
		b.ok(b.RemovePerson(b.ctx, "P2"))
		b.wantSession(Start, "")
	})},
	{"what was asked with an address goes with its mail", withAsked(func(b *bench) {
		b.ok(b.DropSignIns(b.ctx, beta.Email{Key: "other@x.test"}))
		b.wantNext(Start)
		b.ok(b.DropSignIns(b.ctx, beta.Email{Key: "ann@x.test"}))
		b.wantNext(time.Time{})
		_, found, err := b.SignIn(b.ctx, lwa.Digest{1})
		b.ok(err)
		b.want("found", found, false)
	})},
	{"a sign-in that somebody else is to answer for ends once, in its time", func(b *bench) {
		sent := signin.SignIn{Mail: 79, Back: "/ap/oa?x=y", AskedAt: Start}
		b.ok(b.Send(b.ctx, lwa.Digest{1}, sent))
		wantReturn := func(d byte, after time.Time, want bool) {
			b.Helper()
			got, ok, err := b.Return(b.ctx, lwa.Digest{d}, Start.Add(time.Second), after)
			b.ok(err)
			b.want("ended", ok, want)
			if ended := sent; want {
				ended.UsedAt = Start.Add(time.Second)
				b.want("sign-in", got, ended)
			}
		}
		wantReturn(2, Start.Add(-time.Millisecond), false)
		wantReturn(1, Start, false)
		wantReturn(1, Start.Add(-time.Millisecond), true)
		wantReturn(1, Start.Add(-time.Millisecond), false)
		b.wantNext(time.Time{})
	}},
	{"a sign-in by mail is not for somebody else to answer for", withAsked(func(b *bench) {
		_, ok, err := b.Return(b.ctx, lwa.Digest{1}, Start, Start.Add(-time.Hour))
		b.ok(err)
		b.want("ended", ok, false)
	})},
	{"of many who answer for one sign-in at once one is heard", func(b *bench) {
		b.ok(b.Send(b.ctx, lwa.Digest{1}, signin.SignIn{Mail: 79, AskedAt: Start}))
		var heard atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, ok, err := b.Return(b.ctx, lwa.Digest{1}, Start, Start.Add(-time.Hour))
				b.ok(err)
				if ok {
					heard.Add(1)
				}
			})
		}
		all.Wait()
		b.want("heard", heard.Load(), int64(1))
	}},
	{"a session begins for whoever has the address, and nobody else", withAsked(func(b *bench) {
		for key, want := range map[string]bool{"nobody@x.test": false, "": false, "ann@x.test": true} {
			found, err := b.Begin(b.ctx, beta.Email{Key: key}, aSession)
			b.ok(err)
			b.want("begun for "+key, found, want)
		}
		b.wantSession(Start, "P2")
		b.wantSession(aSession.ExpiresAt, "")
	})},
	{"what is over is swept, and nothing else", withAsked(func(b *bench) {
		b.wantTry("right", yes, 1, true)
		sweep := func(before, now time.Time, limit int, want bool) {
			b.Helper()
			more, err := b.SweepSignIns(b.ctx, before, now, limit)
			b.ok(err)
			b.want("more", more, want)
		}
		sweep(Start, aSession.ExpiresAt.Add(-time.Millisecond), 10, false)
		b.wantSession(Start, "P2")
		b.wantNext(Start)
		sweep(Start, aSession.ExpiresAt, 1, true)
		b.wantSession(Start, "")
		b.wantNext(Start)
		sweep(Start.Add(time.Millisecond), Start, 1, true)
		b.wantNext(time.Time{})
		sweep(Start.Add(time.Millisecond), Start, 1, false)
		b.wantPerson("P2", ann)
	})},
}
