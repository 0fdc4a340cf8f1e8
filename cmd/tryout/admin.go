package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
)

// The operator's commands work on the data directory, beside a running server.

type jsonFlag struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// print writes an answer: v as JSON, or the line for people.
func (f jsonFlag) print(io streams, v any, line string) error {
	if f.JSON {
		return json.NewEncoder(io.out).Encode(v)
	}
	_, err := fmt.Fprintln(io.out, line)
	return err
}

// service is the domain on a store, for commands that queue no mail.
func service(s *store.Store) *beta.Service {
	return beta.NewService(s, time.Now, beta.Rules{}, func(beta.Place, beta.Link) string { return "" }, func() {})
}

type created struct {
	ID string `json:"id"`
}

type vendorCreateCmd struct {
	dataFlag
	jsonFlag
	Name string `required:"" help:"What people call the vendor."`
	ID   string `name:"id" help:"Default: a new one."`
}

// Run creates a vendor.
func (c vendorCreateCmd) Run(ctx context.Context, io streams) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.ID == "" {
		c.ID = "V" + beta.NewID(time.Now())
	}
	if err := service(s).CreateVendor(ctx, beta.Vendor{ID: beta.VendorID(c.ID), Name: c.Name}); err != nil {
		return err
	}
	return c.print(io, created{c.ID}, c.ID)
}

type skillCreateCmd struct {
	dataFlag
	jsonFlag
	Vendor string `required:"" help:"Id of the vendor who owns it."`
	Name   string `required:"" help:"What testers call it."`
	ID     string `name:"id" help:"Default: amzn1.ask.skill. and a UUID."`
}

// Run creates a skill.
func (c skillCreateCmd) Run(ctx context.Context, io streams) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.ID == "" {
		c.ID = "amzn1.ask.skill." + uuid.NewString()
	}
	skill := beta.Skill{ID: beta.SkillID(c.ID), Vendor: beta.VendorID(c.Vendor), Name: c.Name}
	if err := service(s).CreateSkill(ctx, skill); err != nil {
		return err
	}
	return c.print(io, created{c.ID}, c.ID)
}

type migrateCmd struct {
	dataFlag
	jsonFlag
}

// Run brings the database up to date and tells what that took.
func (c migrateCmd) Run(ctx context.Context, io streams) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	line := "up to date"
	if applied := s.Migrated(); len(applied) > 0 {
		line = "applied " + strings.Join(applied, ", ")
	}
	return c.print(io, struct {
		Applied []string `json:"applied"`
	}{append([]string{}, s.Migrated()...)}, line)
}

type tokenCreateCmd struct {
	dataFlag
	jsonFlag
	Vendor string        `required:"" help:"Id of the vendor it acts for."`
	Scope  string        `help:"alexa::ask:skills:readwrite (everything) or alexa::ask:skills:read." default:"alexa::ask:skills:readwrite"`
	TTL    time.Duration `name:"ttl" help:"How long it is good." default:"1h"`
}

type issued struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
}

// Run issues a token.
func (c tokenCreateCmd) Run(ctx context.Context, io streams) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	token, err := issue(ctx, s, beta.VendorID(c.Vendor), c.Scope, c.TTL)
	if err != nil {
		return err
	}
	return c.print(io, issued{token, int(c.TTL.Seconds())}, token)
}

// issue makes a token for a vendor that must exist.
func issue(ctx context.Context, s *store.Store, vendor beta.VendorID, scope string, ttl time.Duration) (string, error) {
	if ttl < time.Second {
		return "", usageError{errors.New("--ttl: must be at least a second")}
	}
	if _, err := service(s).Vendor(ctx, beta.Caller{Vendor: vendor}); err != nil {
		return "", err
	}
	return lwa.Access{Store: s, Now: time.Now}.Issue(ctx, vendor, scope, ttl)
}

type tokenRevokeCmd struct {
	dataFlag
	jsonFlag
	Token string `arg:"" help:"The token."`
}

// Run revokes a token.
func (c tokenRevokeCmd) Run(ctx context.Context, io streams) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := lwa.Access{Store: s, Now: time.Now}.Revoke(ctx, c.Token)
	if err == nil && !found {
		err = errors.New("there is no such token")
	}
	if err != nil {
		return err
	}
	return c.print(io, struct {
		Revoked bool `json:"revoked"`
	}{true}, "revoked")
}

// version is set by make build; without it, what Go knows of the module is told.
var version string

type versionCmd struct{ jsonFlag }

// Run prints what was built.
func (c versionCmd) Run(io streams) error {
	version := version
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	return c.print(io, struct {
		Version string `json:"version"`
		Go      string `json:"go"`
	}{version, runtime.Version()}, "tryout "+version+" "+runtime.Version())
}
