package storetest

import (
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

var ann = signin.Person{
	ID: "P2", Email: beta.Email{Key: "ann@x.test", Given: "Ann@x.test"}, Name: "Ann", Language: "de", CreatedAt: Start,
}

// withAnn is for cases that need somebody who can sign in.
func withAnn(run func(*bench)) func(*bench) {
	return func(b *bench) {
		b.ok(b.CreatePerson(b.ctx, ann))
		run(b)
	}
}

var peopleCases = []Case{
	{"a person is kept as they were made, and an address is one person's", withAnn(func(b *bench) {
		other := ann
		other.ID = "P3"
		b.wantError("the address again", b.CreatePerson(b.ctx, other), signin.ErrTaken)
		b.wantPerson("P2", ann)
		b.wantPerson("P3", signin.Person{})
		got, found, err := b.PersonOf(b.ctx, beta.Email{Key: "ann@x.test"})
		b.ok(err)
		b.want("by address", got, ann)
		b.want("by address found", found, true)
		_, found, err = b.PersonOf(b.ctx, beta.Email{Key: "Ann@x.test"})
		b.ok(err)
		b.want("by another found", found, false)
	})},
	{"who was erased is not let in, until they are remembered", func(b *bench) {
		b.update(func(tx beta.Tx) error { return tx.Forget("ann@x.test", false, Start) })
		b.wantError("erased", b.CreatePerson(b.ctx, ann), signin.ErrForgotten)
		b.update(func(tx beta.Tx) error { return tx.Forget("ann@x.test", true, Start) })
		b.ok(b.CreatePerson(b.ctx, ann))
	}},
	{"a person has one part in a vendor, the last that was given", withAnn(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			return second(tx.CreateVendor(beta.Vendor{ID: "A1", Name: "First"}, Start))
		})
		b.want("had one", b.role("P2", vendor, lwa.Owner), false)
		b.want("had one", b.role("P2", vendor, lwa.Viewer), true)
		b.want("had one", b.role("P2", "A1", lwa.Editor), false)
		want := ann
		want.Roles = []lwa.Role{{Vendor: beta.Vendor{ID: "A1", Name: "First"}, Part: lwa.Editor}, {Vendor: beta.Vendor{ID: vendor, Name: "Acme"}, Part: lwa.Viewer}}
		b.wantPerson("P2", want)
		b.want("had one", b.role("P2", "A1", ""), true)
		b.want("had one", b.role("P2", "A1", ""), false)
		want.Roles = want.Roles[1:]
		b.wantPerson("P2", want)
		if _, err := b.SaveRole(b.ctx, "P2", "nobody", lwa.Owner); err == nil {
			b.Error("a part in no vendor was stored")
		}
	})},
	{"people come by address", withAnn(func(b *bench) {
		first := signin.Person{ID: "P9", Email: beta.Email{Key: "al@x.test", Given: "al@x.test"}, CreatedAt: Start}
		b.ok(b.CreatePerson(b.ctx, first))
		list, err := b.People(b.ctx)
		b.ok(err)
		b.want("people", list, []signin.Person{first, ann})
	})},
	{"a token has what its person may do by now", withPair(func(b *bench) {
		for _, part := range []lwa.Part{lwa.Viewer, lwa.Owner, ""} {
			b.role("P1", vendor, part)
			want := tokenOfPair()
			want.Part = part
			b.wantToken(access, want, true)
		}
		b.role("P1", vendor, lwa.Owner)
		b.ok(b.RemovePerson(b.ctx, "P1"))
		want := tokenOfPair()
		want.Part = ""
		b.wantToken(access, want, true)
	})},
}

// role saves one, and returns whether there was one.
func (b *bench) role(person string, vendor beta.VendorID, part lwa.Part) (had bool) {
	b.Helper()
	had, err := b.SaveRole(b.ctx, person, vendor, part)
	b.ok(err)
	return had
}

func (b *bench) wantPerson(id string, want signin.Person) {
	b.Helper()
	got, found, err := b.Person(b.ctx, id)
	b.ok(err)
	b.want("person", got, want)
	b.want("person found", found, want.ID != "")
}

// asked is a sign-in, under the digest {1}, and its mail.
func asked(address string) (signin.SignIn, beta.Mail) {
	m := beta.Mail{
		ID: beta.MailID{Test: 77, Seq: 1}, Kind: beta.SignInMail, To: beta.Email{Given: address, Key: address},
		RequestID: "r", QueuedAt: Start, DueAt: Start,
	}
	return signin.SignIn{Mail: 77, Key: address, Back: "/ap/oa?x", AskedAt: Start}, m
}

// withAsked is for cases in which somebody asked to sign in as ann.
func withAsked(run func(*bench)) func(*bench) {
	return withAnn(func(b *bench) {
		s, m := asked("ann@x.test")
		b.ok(b.Ask(b.ctx, lwa.Digest{1}, s, m))
		run(b)
	})
}

var (
	yes = func(signin.SignIn) bool { return true }
	no  = func(signin.SignIn) bool { return false }
)

var aSession = signin.Session{Digest: lwa.Digest{9}, CreatedAt: Start, ExpiresAt: Start.Add(time.Hour)}

// wantTry tries a code and checks what that comes to.
func (b *bench) wantTry(what string, right func(signin.SignIn) bool, wantTries int, wantOK bool) {
	b.Helper()
	s, ok, found, err := b.Try(b.ctx, lwa.Digest{1}, right, aSession)
	b.ok(err)
	b.want(what+": found", found, true)
	b.want(what+": tries", s.Tries, wantTries)
	b.want(what+": right", ok, wantOK)
}

func (b *bench) wantSession(now time.Time, want string) {
	b.Helper()
	p, found, err := b.Session(b.ctx, lwa.Digest{9}, now)
	b.ok(err)
	b.want("who has the session", p.ID, want)
	b.want("session found", found, want != "")
}
