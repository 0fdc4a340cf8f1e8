package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"tryout/internal/beta"
	"tryout/internal/store"
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

// askPlace asks where everything is kept, and looks what is there already.
func (s *setup) askPlace(ctx context.Context) error {
	if s.file.used["data"] == 0 && !s.given["data"] && isRoot() {
		s.Data = rootData
	}
	if s.given["data"] && !s.given["database"] {
		s.Database = ""
	}
	s.given["data"] = s.given["data"] || s.given["database"]
	answer, before := cmp.Or(s.Database, s.Data), len(s.check.mistakes)
	q := question{flag: "data", text: "Directory of the data, or postgres://user:password@host/name", answer: &answer, check: s.place}
	if u, err := url.Parse(answer); err == nil {
		q.shown = u.Redacted()
	}
	for {
		if err := s.ask(ctx, q); err != nil || len(s.check.mistakes) > before {
			return err
		}
		err := s.look(ctx)
		if err == nil || s.asker == nil {
			return err
		}
		fmt.Fprintln(s.io.err, err)
		delete(s.given, "data")
	}
}

// place takes what was answered apart.
func (s *setup) place(c *checker, flag, value string) {
	s.Database, s.MasterKey = "", s.knownKey
	if strings.Contains(value, "://") {
		s.Database, s.MasterKey = value, cmp.Or(s.knownKey, s.freshKey)
		c.home(s.dataFlag)
		return
	}
	dir, err := filepath.Abs(strings.TrimPrefix(value, "sqlite:"))
	if err == nil {
		err = mayMake(dir)
	}
	if err != nil || !oneLine(dir) {
		c.wrong(flag, "must be a directory that can be made and written to: %v", err)
	}
	s.Data = dir
}

func newMasterKey() string {
	key := make([]byte, store.KeySize)
	rand.Read(key)
	return hex.EncodeToString(key)
}

// mayMake says why a directory can be neither used nor made.
func mayMake(dir string) error {
	const writable = 2
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir):
		return mayMake(filepath.Dir(dir))
	case err != nil:
		return err
	case !info.IsDir():
		return &os.PathError{Op: "use", Path: dir, Err: syscall.ENOTDIR}
	}
	if err := syscall.Access(dir, writable); err != nil {
		return &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
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
