package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
)

// addressFlag is what commands about one tester take.
type addressFlag struct {
	dataFlag
	jsonFlag
	Address string `arg:"" help:"The tester's e-mail address."`
	Skill   string `required:"" help:"Id of the skill."`
}

// find opens the database and reads the arguments.
func (f addressFlag) find(ctx context.Context) (s *store.Store, by beta.Caller, email beta.Email, err error) {
	if email, err = beta.ParseEmail(f.Address); err != nil {
		return nil, by, email, usageError{fmt.Errorf("%q: %w", f.Address, err)}
	}
	if s, err = f.open(ctx); err != nil {
		return nil, by, email, err
	}
	if by, err = operator(ctx, s, beta.SkillID(f.Skill)); err != nil {
		return nil, by, email, errors.Join(err, s.Close())
	}
	return s, by, email, nil
}

// operator is who acts through these commands, for the vendor of a skill.
func operator(ctx context.Context, s *store.Store, id beta.SkillID) (by beta.Caller, err error) {
	by = beta.Caller{Name: "operator", Write: true}
	err = s.View(ctx, func(r beta.Reader) error {
		skill, _, err := r.SkillTest(id)
		if errors.Is(err, beta.ErrNoRow) {
			return fmt.Errorf("there is no skill %q", id)
		}
		by.Vendor = skill.Vendor
		return err
	})
	return by, err
}

type whyCmd struct{ addressFlag }

// told is a story as it is printed.
type told struct {
	Now    string `json:"now"` // who they are in the test
	Events []line `json:"events"`
	Next   string `json:"next"`
}

type line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Run tells what became of the mails to an address.
func (c whyCmd) Run(ctx context.Context, io streams) error {
	s, by, email, err := c.find(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	story, err := service(s).Story(ctx, by, beta.SkillID(c.Skill), email)
	if err != nil {
		return err
	}
	t := tell(story, time.Now())
	return c.print(io, t, t.String())
}

// String is the story for people.
func (t told) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, t.Now)
	for _, e := range t.Events {
		fmt.Fprintf(&b, "%s  %s\n", e.At.UTC().Format(moment), e.Text)
	}
	b.WriteString(t.Next)
	return b.String()
}

// moment is how a time is shown: to the second, UTC.
const moment = "2006-01-02 15:04:05 UTC"

type resendCmd struct{ addressFlag }

// Run sends again what did not arrive.
func (c resendCmd) Run(ctx context.Context, io streams) error {
	s, by, email, err := c.find(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	batch, err := service(s).Resend(ctx, by, beta.SkillID(c.Skill), email)
	if err != nil {
		return err
	}
	text := "queued again; the server sends it within seconds"
	if e := batch.Entries[0]; e.Result == beta.Skipped {
		text = "not queued: " + reasons[e.Reason]
	}
	return c.print(io, created{batch.ID}, text)
}
