package signin

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// The failures of what an operator does to people.
var (
	ErrTaken     = errors.New("there is somebody with this address already")
	ErrForgotten = errors.New("somebody with this address was erased; tryout forget --undo lets them be added again")
	ErrNobody    = errors.New("there is nobody with this address")
	ErrNoRole    = errors.New("they have no role in this vendor")
	ErrPart      = errors.New("the role must be owner, editor or viewer")
	ErrSignsIn   = errors.New("the person can sign in here; to erase them, take that away first: tryout user remove")
)

// Register is the people, for operators.
type Register struct {
	Store Store
	Now   func() time.Time
}

// Create makes a person, without a role anywhere. It fails with ErrTaken,
// ErrForgotten, or what is wrong with the name.
func (r Register) Create(ctx context.Context, e beta.Email, name string, l beta.Language) (Person, error) {
	if len(name) > 255 || strings.ContainsFunc(name, unicode.IsControl) {
		return Person{}, errors.New("the name must have at most 255 octets and no control characters")
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	p := Person{ID: "amzn1.account." + strings.ToUpper(beta.NewID(now)), Email: e, Name: name, Language: l, CreatedAt: now}
	return p, r.Store.CreatePerson(ctx, p)
}

// Grant gives a person a part in a vendor, in place of the one they have. It
// fails with ErrNobody or ErrPart; the vendor must exist.
func (r Register) Grant(ctx context.Context, e beta.Email, vendor beta.VendorID, part lwa.Part) error {
	if part != lwa.Owner && part != lwa.Editor && part != lwa.Viewer {
		return ErrPart
	}
	p, err := r.person(ctx, e)
	if err != nil {
		return err
	}
	_, err = r.Store.SaveRole(ctx, p.ID, vendor, part)
	return err
}

// Revoke takes a person's part in a vendor away, at once: from their tokens, too.
// It fails with ErrNobody or ErrNoRole.
func (r Register) Revoke(ctx context.Context, e beta.Email, vendor beta.VendorID) error {
	p, err := r.person(ctx, e)
	if err != nil {
		return err
	}
	had, err := r.Store.SaveRole(ctx, p.ID, vendor, "")
	if err == nil && !had {
		err = ErrNoRole
	}
	return err
}

// Remove deletes a person with all that they had, at once. It fails with ErrNobody.
func (r Register) Remove(ctx context.Context, e beta.Email) error {
	if _, err := r.person(ctx, e); err != nil {
		return err
	}
	return r.Erase(ctx, e)
}

// Erase deletes what is kept of an address, and the person who has it, if any.
func (r Register) Erase(ctx context.Context, e beta.Email) error {
	p, found, err := r.Store.PersonOf(ctx, e)
	if err == nil && found {
		err = r.Store.RemovePerson(ctx, p.ID)
	}
	if err != nil {
		return err
	}
	return r.Store.DropSignIns(ctx, e)
}

// Forget deletes what is kept of an address that may not be a person's: it
// fails with ErrSignsIn where it is.
func (r Register) Forget(ctx context.Context, e beta.Email) error {
	switch _, err := r.person(ctx, e); {
	case err == nil:
		return ErrSignsIn
	case !errors.Is(err, ErrNobody):
		return err
	}
	return r.Store.DropSignIns(ctx, e)
}

func (r Register) person(ctx context.Context, e beta.Email) (Person, error) {
	p, found, err := r.Store.PersonOf(ctx, e)
	if err == nil && !found {
		err = ErrNobody
	}
	return p, err
}
