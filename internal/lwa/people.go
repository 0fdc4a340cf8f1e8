package lwa

import (
	"context"
	"net/http"
	"slices"

	"tryout/internal/beta"
)

// People are those who can let a client act. How they prove who they are is not
// this package's business: it only asks.
type People interface {
	// SignedIn returns who sits at the browser that sent r, and the sign-in it is
	// part of; found is false when that is nobody.
	SignedIn(r *http.Request) (p Person, session string, found bool, err error)
	// SignIn answers r with a page on which somebody can sign in, and which then
	// leads to back, a path with its query on this server.
	SignIn(w http.ResponseWriter, r *http.Request, back string) error
	// Person returns somebody as they are now; found is false when there is
	// nobody of that id any more.
	Person(ctx context.Context, id string) (p Person, found bool, err error)
}

// Person is somebody with a part in vendors.
type Person struct {
	ID    string // never given to anybody else
	Email string
	Name  string // empty when not given
	Roles []Role
}

// Role is a person's part in a vendor.
type Role struct {
	Vendor beta.Vendor
	Part   Part
}

// Part says what a role allows.
type Part string

// The parts. One that is not known here allows nothing.
const (
	Owner  Part = "owner"
	Editor Part = "editor"
	Viewer Part = "viewer"
)

// scope is the most that somebody with this part can let a client have.
func (p Part) scope() string {
	switch p {
	case Owner, Editor:
		return ScopeRead + " " + ScopeWrite
	case Viewer:
		return ScopeRead
	}
	return ""
}

// role returns a person's role in a vendor; zero, which allows nothing, where
// they have none.
func (p Person) role(vendor beta.VendorID) Role {
	i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.Vendor.ID == vendor })
	if i < 0 {
		return Role{}
	}
	return p.Roles[i]
}

// within returns as much of a scope as each limit allows. Writing includes
// reading: of somebody who may only read, who is asked for writing gets reading.
func within(scope string, limits ...string) string {
	scope = known(scope)
	for _, limit := range limits {
		switch {
		case allows(limit, ScopeWrite):
		case allows(limit, ScopeRead) && scope != "":
			scope = ScopeRead
		default:
			return ""
		}
	}
	return scope
}
