package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
)

type clientCreateCmd struct {
	dataFlag
	jsonFlag
	Vendor      string   `required:"" help:"Id of the vendor it acts for."`
	Name        string   `required:"" help:"What people are told it is called."`
	Scope       []string `help:"The most it can have: alexa::ask:skills:readwrite (everything) or alexa::ask:skills:read." default:"alexa::ask:skills:readwrite"`
	RedirectURI []string `name:"redirect-uri" sep:"none" help:"Where people are sent back to, octet by octet. A client with one acts for people who sign in; one without acts for the vendor itself. May be given several times."`
	AskCLI      bool     `name:"ask-cli" help:"With the redirect URI of ask-cli."`
}

// credentials are what a client proves with that it is one.
type credentials struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (c credentials) lines() string { return "id:     " + c.ID + "\nsecret: " + c.Secret }

// Run creates a client.
func (c clientCreateCmd) Run(ctx context.Context, io streams) error {
	return c.on(ctx, func(s *store.Store, a lwa.Access) error {
		vendor := beta.VendorID(c.Vendor)
		if _, err := service(s).Vendor(ctx, beta.Caller{Vendor: vendor}); err != nil {
			return err
		}
		if c.AskCLI {
			c.RedirectURI = append(c.RedirectURI, lwa.AskCLIRedirect)
		}
		made, secret, err := a.CreateClient(ctx, lwa.Client{
			Vendor: vendor, Name: c.Name, Scope: strings.Join(c.Scope, " "), RedirectURIs: c.RedirectURI,
		})
		if err != nil {
			return err
		}
		shown := credentials{made.ID, secret}
		return c.print(io, shown, shown.lines())
	})
}

// on runs fn on the database of a command.
func (d dataFlag) on(ctx context.Context, fn func(*store.Store, lwa.Access) error) error {
	return d.within(ctx, func(s *store.Store) error { return fn(s, lwa.Access{Store: s, Now: time.Now}) })
}

// within opens the database of a command for as long as fn runs.
func (d dataFlag) within(ctx context.Context, fn func(*store.Store) error) error {
	s, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return fn(s)
}

type clientListCmd struct {
	dataFlag
	jsonFlag
	Vendor string `required:"" help:"Id of the vendor."`
}

type listedClient struct {
	ID           string     `json:"client_id"`
	Name         string     `json:"name"`
	Scope        string     `json:"scope"`
	RedirectURIs []string   `json:"redirect_uris"`
	Created      time.Time  `json:"created"`
	Revoked      *time.Time `json:"revoked,omitempty"`
}

// Run lists clients.
func (c clientListCmd) Run(ctx context.Context, io streams) error {
	return c.on(ctx, func(_ *store.Store, a lwa.Access) error {
		list, err := a.Clients(ctx, beta.VendorID(c.Vendor))
		if err != nil {
			return err
		}
		shown, lines := []listedClient{}, []string{}
		for _, one := range list {
			shown, lines = append(shown, listed(one)), append(lines, clientLine(one))
		}
		if len(lines) == 0 {
			lines = append(lines, "no clients")
		}
		return c.print(io, map[string]any{"clients": shown}, strings.Join(lines, "\n"))
	})
}

func listed(c lwa.Client) listedClient {
	l := listedClient{c.ID, c.Name, c.Scope, append([]string{}, c.RedirectURIs...), c.CreatedAt, nil}
	if !c.RevokedAt.IsZero() {
		l.Revoked = &c.RevokedAt
	}
	return l
}

func clientLine(c lwa.Client) string {
	state := "acts for itself"
	switch {
	case !c.RevokedAt.IsZero():
		state = "revoked " + c.RevokedAt.Format(time.RFC3339)
	case len(c.RedirectURIs) > 0:
		state = "acts for people, who return to " + strings.Join(c.RedirectURIs, " or ")
	}
	return fmt.Sprintf("%s  %q  %s  %s", c.ID, c.Name, c.Scope, state)
}

type clientRotateCmd struct {
	dataFlag
	jsonFlag
	ID string `arg:"" help:"The client's id."`
}

// Run gives a client another secret.
func (c clientRotateCmd) Run(ctx context.Context, io streams) error {
	return c.on(ctx, func(_ *store.Store, a lwa.Access) error {
		secret, err := a.RotateClient(ctx, c.ID)
		if err != nil {
			return err
		}
		shown := credentials{c.ID, secret}
		return c.print(io, shown, shown.lines())
	})
}

type clientRevokeCmd struct {
	dataFlag
	jsonFlag
	ID string `arg:"" help:"The client's id."`
}

// Run revokes a client.
func (c clientRevokeCmd) Run(ctx context.Context, io streams) error {
	return c.on(ctx, func(_ *store.Store, a lwa.Access) error {
		if err := a.RevokeClient(ctx, c.ID); err != nil {
			return err
		}
		return c.print(io, struct {
			Revoked bool `json:"revoked"`
		}{true}, "revoked")
	})
}
