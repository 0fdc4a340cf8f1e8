package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// names are what the database has already.
type names struct{ vendor, skill, owner string }

// caller may do what an owner of the vendor may.
func (s *setup) caller() beta.Caller {
	return beta.Caller{Name: "tryout init", Vendor: beta.VendorID(s.Vendor), Write: true}
}

func (s *setup) skill() beta.SkillID { return beta.SkillID(s.Skill) }

// look looks into a database that is there already, and makes none: one of
// PostgreSQL is ours once its master key is written down.
func (s *setup) look(ctx context.Context) error {
	h, err := s.home()
	if err != nil {
		return err
	}
	if h.postgres != "" && s.knownKey == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(h.data, "tryout.db")); h.postgres == "" && err != nil {
		return nil
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.find(ctx)
}

func (s *setup) open(ctx context.Context) (err error) {
	if s.store == nil {
		s.store, err = s.dataFlag.open(ctx)
	}
	return err
}

// find reads the names of what is there, and who owns it.
func (s *setup) find(ctx context.Context) error {
	vendor, err := service(s.store).Vendor(ctx, s.caller())
	if err != nil {
		return unless(beta.NotFound, err)
	}
	s.found.vendor = vendor.Name
	skill, err := service(s.store).Skill(ctx, s.caller(), s.skill())
	if err := unless(beta.NotFound, err); err != nil {
		return fmt.Errorf("--skill: %w", err)
	}
	s.found.skill = skill.Name
	people, err := s.store.People(ctx)
	if i := slices.IndexFunc(people, s.owns); i >= 0 {
		s.found.owner = people[i].Email.Given
	}
	return err
}

func (s *setup) owns(p signin.Person) bool {
	return slices.ContainsFunc(p.Roles, func(r lwa.Role) bool { return r.Vendor.ID == s.caller().Vendor && r.Part == lwa.Owner })
}

// unless is err unless it is a failure of that kind.
func unless(kind beta.Kind, err error) error {
	if e, is := errors.AsType[*beta.Error](err); is && e.Kind == kind {
		return nil
	}
	return err
}
