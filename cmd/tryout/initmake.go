package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// say tells what became of one thing.
func (s *setup) say(what, format string, args ...any) {
	fmt.Fprintf(s.io.out, "%-9s %s\n", what, fmt.Sprintf(format, args...))
}

// made tells whether a thing was made now or was there.
func (s *setup) made(what, name string, err error) error {
	switch {
	case err == nil:
		s.say(what, "%s: created", name)
	case unless(beta.Conflict, err) == nil || errors.Is(err, signin.ErrTaken):
		s.say(what, "%s: unchanged", name)
	default:
		return err
	}
	return nil
}

func (s *setup) makeVendor(ctx context.Context) error {
	name := cmp.Or(s.found.vendor, s.VendorName)
	err := service(s.store).CreateVendor(ctx, beta.Vendor{ID: s.caller().Vendor, Name: name})
	if err := s.made("vendor", fmt.Sprintf("%q, %s", name, s.Vendor), err); err != nil {
		return err
	}
	s.keeps("vendor", s.found.vendor, s.VendorName)
	return nil
}

// keeps says that what is there is not renamed.
func (s *setup) keeps(what, name, wanted string) {
	if name != "" && wanted != "" && wanted != name {
		s.say(what, "its name stays %q: init renames nothing, so --%s-name %q has no effect", name, what, wanted)
	}
}

func (s *setup) makeSkill(ctx context.Context) error {
	name := cmp.Or(s.found.skill, s.SkillName)
	err := service(s.store).CreateSkill(ctx, beta.Skill{ID: s.skill(), Vendor: s.caller().Vendor, Name: name})
	if err != nil && unless(beta.Conflict, err) == nil {
		if _, err := service(s.store).Skill(ctx, s.caller(), s.skill()); err != nil {
			return fmt.Errorf("--skill: %w", err) // another vendor's
		}
	}
	if err := s.made("skill", fmt.Sprintf("%q, %s", name, s.Skill), err); err != nil {
		return err
	}
	s.keeps("skill", s.found.skill, s.SkillName)
	return nil
}

// makeTest makes one in draft, so that there is something to add testers to;
// nobody is mailed before it is started.
func (s *setup) makeTest(ctx context.Context) error {
	_, _, err := service(s.store).BetaTest(ctx, s.caller(), s.skill())
	if err == nil {
		s.say("test", "of that skill: unchanged")
		return nil
	}
	if err := unless(beta.NotFound, err); err != nil {
		return err
	}
	return s.made("test", "of that skill, in draft", service(s.store).CreateTest(ctx, s.caller(), s.skill(), ""))
}

func (s *setup) makeOwner(ctx context.Context) error {
	email, err := parseAddress(s.Owner)
	if err != nil {
		return err
	}
	people := signin.Register{Store: s.store, Now: time.Now}
	_, err = people.Create(ctx, email, "", "")
	if err != nil && !errors.Is(err, signin.ErrTaken) {
		return err
	}
	p, _, failed := s.store.PersonOf(ctx, email)
	if failed == nil && !s.owns(p) {
		err, failed = nil, people.Grant(ctx, email, s.caller().Vendor, lwa.Owner)
	}
	if failed != nil {
		return failed
	}
	if err := s.made("owner", email.Given, err); err != nil {
		return err
	}
	return s.otherOwners(ctx, email)
}

// otherOwners says who else may do everything: init takes nobody's part away.
func (s *setup) otherOwners(ctx context.Context, but beta.Email) error {
	all, err := s.store.People(ctx)
	for _, p := range all {
		if p.Email.Key != but.Key && s.owns(p) {
			s.say("owner", "%s stays one. To end that: tryout user revoke %s --vendor %s --config %s", p.Email.Given, quote(p.Email.Given), s.Vendor, quote(s.file.path))
		}
	}
	return err
}

// tokenLife is how long the first token is good.
const tokenLife = 24 * time.Hour

// makeClient makes a token and then a client for ask-cli, whose being there says
// that the token was made: no more than a token too many is left by a crash.
func (s *setup) makeClient(ctx context.Context) error {
	access := lwa.Access{Store: s.store, Now: time.Now}
	list, err := access.Clients(ctx, s.caller().Vendor)
	if err != nil {
		return err
	}
	if c, found := s.ours(list); found {
		s.client = c.ID
		s.say("client", "%s: unchanged. Another secret: tryout client rotate %s --config %s", c.ID, c.ID, quote(s.file.path))
		return nil
	}
	if s.token, err = issue(ctx, s.store, s.caller().Vendor, lwa.ScopeWrite, tokenLife); err != nil {
		return err
	}
	made, secret, err := access.CreateClient(ctx, lwa.Client{
		Vendor: s.caller().Vendor, Name: "ask-cli", Scope: lwa.ScopeWrite, RedirectURIs: []string{lwa.AskCLIRedirect},
	})
	if err != nil {
		return err
	}
	s.client, s.secret = made.ID, secret
	s.say("client", "%s: created. Its secret, shown this once: %s", made.ID, secret)
	return nil
}

// ours is the client that the script has, else any that is good for ask-cli.
func (s *setup) ours(list []lwa.Client) (c lwa.Client, found bool) {
	script, _ := os.ReadFile(s.scriptPath()) // may not be there
	for _, one := range list {
		good := one.RevokedAt.IsZero() && slices.Contains(one.RedirectURIs, lwa.AskCLIRedirect)
		if good && (!found || strings.Contains(string(script), one.ID)) {
			c, found = one, true
		}
	}
	return c, found
}
