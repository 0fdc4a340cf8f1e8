package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/store"
)

// addressArg is the person that a command is about.
type addressArg struct {
	Address string `arg:"" help:"The person's e-mail address."`
}

func (a addressArg) email() (beta.Email, error) { return parseAddress(a.Address) }

func parseAddress(s string) (beta.Email, error) {
	email, err := beta.ParseEmail(s)
	if err != nil {
		return email, usageError{fmt.Errorf("%q: %w", s, err)}
	}
	return email, nil
}

// register runs fn on the people of a command's database.
func (d dataFlag) register(ctx context.Context, fn func(*store.Store, signin.Register) error) error {
	return d.within(ctx, func(s *store.Store) error { return fn(s, signin.Register{Store: s, Now: time.Now}) })
}

type userCreateCmd struct {
	dataFlag
	jsonFlag
	Email    string `required:"" help:"Where the codes to sign in are mailed to." placeholder:"ADDR"`
	Name     string `help:"What programs are told they are called." placeholder:"NAME"`
	Language string `help:"What they are written to in, such as de. Default: English." placeholder:"TAG"`
}

// Run creates a person.
func (c userCreateCmd) Run(ctx context.Context, io streams) error {
	email, err := parseAddress(c.Email)
	if err != nil {
		return err
	}
	language, err := beta.ParseLanguage(c.Language)
	if err != nil {
		return usageError{fmt.Errorf("--language: %w", err)}
	}
	return c.register(ctx, func(_ *store.Store, r signin.Register) error {
		p, err := r.Create(ctx, email, c.Name, language)
		if err != nil {
			return err
		}
		return c.print(io, created{p.ID}, p.ID)
	})
}

type userGrantCmd struct {
	dataFlag
	jsonFlag
	addressArg
	Vendor string `required:"" help:"Id of the vendor."`
	Role   string `required:"" help:"owner, editor (testers only) or viewer (reads)." enum:"owner,editor,viewer"`
}

type grantedRole struct {
	Vendor string `json:"vendor"`
	Role   string `json:"role"`
}

// Run gives a person a role in a vendor.
func (c userGrantCmd) Run(ctx context.Context, io streams) error {
	email, err := c.email()
	if err != nil {
		return err
	}
	return c.register(ctx, func(s *store.Store, r signin.Register) error {
		vendor := beta.VendorID(c.Vendor)
		if _, err := service(s).Vendor(ctx, beta.Caller{Vendor: vendor}); err != nil {
			return err
		}
		if err := r.Grant(ctx, email, vendor, lwa.Part(c.Role)); err != nil {
			return err
		}
		return c.print(io, grantedRole{c.Vendor, c.Role}, c.Role+" of "+c.Vendor)
	})
}

type userRevokeCmd struct {
	dataFlag
	jsonFlag
	addressArg
	Vendor string `required:"" help:"Id of the vendor."`
}

// Run takes a person's role in a vendor away.
func (c userRevokeCmd) Run(ctx context.Context, io streams) error {
	email, err := c.email()
	if err != nil {
		return err
	}
	return c.register(ctx, func(_ *store.Store, r signin.Register) error {
		if err := r.Revoke(ctx, email, beta.VendorID(c.Vendor)); err != nil {
			return err
		}
		return c.print(io, struct {
			Revoked bool `json:"revoked"`
		}{true}, "revoked")
	})
}

type userRemoveCmd struct {
	dataFlag
	jsonFlag
	addressArg
}

// Run removes a person.
func (c userRemoveCmd) Run(ctx context.Context, io streams) error {
	email, err := c.email()
	if err != nil {
		return err
	}
	return c.register(ctx, func(_ *store.Store, r signin.Register) error {
		if err := r.Remove(ctx, email); err != nil {
			return err
		}
		return c.print(io, struct {
			Removed bool `json:"removed"`
		}{true}, "removed")
	})
}

type userListCmd struct {
	dataFlag
	jsonFlag
}

type listedPerson struct {
	ID       string        `json:"id"`
	Email    string        `json:"email"`
	Name     string        `json:"name,omitempty"`
	Language string        `json:"language,omitempty"`
	Created  time.Time     `json:"created"`
	Roles    []grantedRole `json:"roles"`
}

// Run lists people.
func (c userListCmd) Run(ctx context.Context, io streams) error {
	return c.register(ctx, func(_ *store.Store, r signin.Register) error {
		people, err := r.Store.People(ctx)
		if err != nil {
			return err
		}
		shown, lines := []listedPerson{}, []string{}
		for _, p := range people {
			one := listPerson(p)
			shown, lines = append(shown, one), append(lines, one.line())
		}
		if len(lines) == 0 {
			lines = append(lines, "nobody")
		}
		return c.print(io, map[string]any{"people": shown}, strings.Join(lines, "\n"))
	})
}

func listPerson(p signin.Person) listedPerson {
	one := listedPerson{p.ID, p.Email.Given, p.Name, string(p.Language), p.CreatedAt, []grantedRole{}}
	for _, r := range p.Roles {
		one.Roles = append(one.Roles, grantedRole{string(r.Vendor.ID), string(r.Part)})
	}
	return one
}

func (p listedPerson) line() string {
	roles := []string{"no role"}
	if len(p.Roles) > 0 {
		roles = nil
	}
	for _, r := range p.Roles {
		roles = append(roles, r.Role+" of "+r.Vendor)
	}
	return fmt.Sprintf("%s  %q  %s", p.Email, p.Name, strings.Join(roles, ", "))
}
