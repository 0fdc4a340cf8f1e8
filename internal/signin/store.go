package signin

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// Store is what signing in needs remembered. Its methods fail with a
// [beta.Unavailable] error when the database cannot be asked now.
type Store interface {
	// CreatePerson stores a person, without roles. It fails with ErrTaken when
	// their address is another's, ErrForgotten when it is that of somebody erased.
	CreatePerson(ctx context.Context, p Person) error
	// People returns everybody, by address.
	People(ctx context.Context) ([]Person, error)
	Person(ctx context.Context, id string) (p Person, found bool, err error)
	PersonOf(ctx context.Context, e beta.Email) (p Person, found bool, err error)
	// SaveRole gives a person a part in a vendor in place of the one they had;
	// an empty part takes it away. had tells whether there was one.
	SaveRole(ctx context.Context, person string, vendor beta.VendorID, part lwa.Part) (had bool, err error)
	// RemovePerson deletes a person with their roles and sessions.
	RemovePerson(ctx context.Context, id string) error
	// DropSignIns deletes what was ever asked for with an address, mail included.
	DropSignIns(ctx context.Context, e beta.Email) error

	// Ask stores a sign-in and queues the mail with its code, under the digest
	// of what the browser holds. It does not look whose address it is.
	Ask(ctx context.Context, d lwa.Digest, s SignIn, m beta.Mail) error
	SignIn(ctx context.Context, d lwa.Digest) (s SignIn, found bool, err error)
	// Write notes until when the code of a mail works that is just being
	// written, if wanted says so and somebody has the address.
	Write(ctx context.Context, mail beta.TestID, goodTo time.Time, wanted func(SignIn) bool) (p Person, ok bool, err error)
	// Try counts a try and, if right says so and somebody has the address, ends
	// the sign-in and begins their session. Whose address it is, is only looked
	// at then. found is false where there is no such sign-in.
	Try(ctx context.Context, d lwa.Digest, right func(SignIn) bool, s Session) (tried SignIn, ok, found bool, err error)

	// Send stores a sign-in of which somebody else says who it is: without an
	// address, and without a mail.
	Send(ctx context.Context, d lwa.Digest, s SignIn) error
	// Return ends such a sign-in; ok is false where there is none that began
	// after a time, or it has ended already. However many ask, one is told ok.
	Return(ctx context.Context, d lwa.Digest, now, after time.Time) (s SignIn, ok bool, err error)
	// Begin begins a session of whoever has an address.
	Begin(ctx context.Context, e beta.Email, s Session) (found bool, err error)

	// Session returns who has a session that is not over at now, as they are now.
	Session(ctx context.Context, d lwa.Digest, now time.Time) (p Person, found bool, err error)
	EndSession(ctx context.Context, d lwa.Digest) error

	// SweepSignIns deletes up to limit sign-ins, and their mail, that were asked
	// for before a time, and as many sessions that were over at now; more tells
	// whether there may be others.
	SweepSignIns(ctx context.Context, before, now time.Time, limit int) (more bool, err error)
}

// Person is somebody who can sign in.
type Person struct {
	ID        string // never given to anybody else
	Email     beta.Email
	Name      string        // empty when not given
	Language  beta.Language // of their mail; empty means English
	CreatedAt time.Time
	Roles     []lwa.Role // by vendor
}

// known is a person as access knows them.
func (p Person) known() lwa.Person {
	return lwa.Person{ID: p.ID, Email: p.Email.Given, Name: p.Name, Roles: p.Roles}
}

// SignIn is that somebody at a browser says that an address is theirs.
type SignIn struct {
	Mail    beta.TestID // names the mail with the code, which follows from it
	Key     string      // the address; empty where somebody else is to say who it is
	Back    string      // where to go once signed in, a path on this server
	AskedAt time.Time
	GoodTo  time.Time // until when the code works; zero when none was written yet
	Tries   int
	UsedAt  time.Time // zero until it was
}

// Session is that somebody is signed in at a browser.
type Session struct {
	Digest    lwa.Digest // of what the browser holds
	CreatedAt time.Time
	ExpiresAt time.Time
}
