package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tryout/internal/beta"
)

// ask has a question answered: by its flag, else by the person; without one,
// what is wrong is kept, to be told with all the rest.
func (s *setup) ask(ctx context.Context, q question) error {
	check := &checker{}
	q.check(check, q.flag, *q.answer)
	switch {
	case s.asker == nil:
		s.check.mistakes = append(s.check.mistakes, check.mistakes...)
		return nil
	case s.given[q.flag] && check.mistakes == nil:
		return nil
	case s.given[q.flag]:
		fmt.Fprintln(s.io.err, errors.Join(check.mistakes...))
		*q.answer = ""
	}
	return s.asker.ask(ctx, q)
}

// needed is a check of what must not be empty.
func needed(hint string, check func(c *checker, flag, value string)) func(*checker, string, string) {
	return func(c *checker, flag, value string) {
		if value == "" {
			c.wrong(flag, "is missing: %s", hint)
			return
		}
		check(c, flag, value)
	}
}

func (s *setup) askPublicURL(ctx context.Context) error {
	return s.ask(ctx, question{
		flag: "public-url", text: "Public URL, where people reach this server, such as https://beta.example.com", answer: &s.PublicURL,
		check: needed("where people reach this server, such as https://beta.example.com", func(c *checker, _, value string) { c.publicURL(value) }),
	})
}

func (s *setup) askVendor(ctx context.Context) error {
	if s.found.vendor != "" {
		return nil
	}
	s.Vendor = cmp.Or(s.Vendor, "V"+beta.NewID(time.Now()))
	s.check.name("vendor", beta.CheckID("vendor", s.Vendor))
	return s.ask(ctx, question{
		flag: "vendor-name", text: "Vendor, whose product is tested: your company or team", answer: &s.VendorName,
		check: needed("whose product is tested", func(c *checker, flag, value string) { c.name(flag, beta.CheckName("vendor", value)) }),
	})
}

func (s *setup) askSkill(ctx context.Context) error {
	if s.found.skill != "" {
		return nil
	}
	id := question{
		flag: "skill", text: "Id of the skill, if Amazon has given it one", answer: &s.Skill,
		check: func(c *checker, flag, value string) { c.name(flag, beta.CheckID("skill", value)) },
	}
	if s.Skill == "" {
		s.Skill, id.shown = "amzn1.ask.skill."+uuid.NewString(), "a new one"
	}
	err := s.ask(ctx, question{
		flag: "skill-name", text: "Skill, the thing being tested, as testers call it", answer: &s.SkillName,
		check: needed("what is tested, as testers call it", func(c *checker, flag, value string) { c.name(flag, beta.CheckName("skill", value)) }),
	})
	if err != nil {
		return err
	}
	return s.ask(ctx, id)
}

// name keeps what the domain says of a name or an id.
func (c *checker) name(flag string, err error) {
	if e, is := errors.AsType[*beta.Error](err); is {
		c.wrong(flag, "%s", e.Message)
	}
}

func (s *setup) askOwner(ctx context.Context) error {
	s.Owner = cmp.Or(s.Owner, s.found.owner)
	return s.ask(ctx, question{
		flag: "owner", text: "E-mail address of the first person, who may do everything", answer: &s.Owner,
		check: needed("the address of the first person, who may do everything", func(c *checker, flag, value string) { c.email(flag, value) }),
	})
}

func (s *setup) askSender(ctx context.Context) error {
	return s.ask(ctx, question{
		flag: "mail-from", text: "Sender of our mail, an address or Name <address>", answer: &s.MailFrom,
		check: needed("who our mail is from", func(c *checker, flag, value string) { c.mailbox(flag, value) }),
	})
}
