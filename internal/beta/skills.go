package beta

import (
	"context"
	"errors"
	"strings"
	"unicode"
)

// CreateVendor stores a vendor. It is an [Invalid] error when the name or the
// id cannot serve, a [Conflict] when the id is taken. For operators: nobody is
// asked who is calling.
func (s *Service) CreateVendor(ctx context.Context, v Vendor) error {
	if err := errors.Join(CheckName("vendor", v.Name), CheckID("vendor", string(v.ID))); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		created, err := tx.CreateVendor(v, s.now())
		return taken(created, err, "vendor")
	})
}

// CreateSkill stores a skill. Its errors are those of CreateVendor, and
// [NotFound] when there is no such vendor.
func (s *Service) CreateSkill(ctx context.Context, skill Skill) error {
	if err := errors.Join(CheckName("skill", skill.Name), CheckID("skill", string(skill.ID))); err != nil {
		return err
	}
	skill.CreatedAt = s.now()
	return s.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Vendor(skill.Vendor); errors.Is(err, ErrNoRow) {
			return errNoVendor
		} else if err != nil {
			return err
		}
		created, err := tx.CreateSkill(skill)
		return taken(created, err, "skill")
	})
}

// Vendor returns the caller's vendor; [NotFound] when there is none.
func (s *Service) Vendor(ctx context.Context, by Caller) (Vendor, error) {
	var v Vendor
	err := s.store.View(ctx, func(r Reader) (err error) {
		v, err = r.Vendor(by.Vendor)
		return err
	})
	if errors.Is(err, ErrNoRow) {
		err = errNoVendor
	}
	return v, err
}

var errNoVendor = notFound("There is no vendor with this id.")

// Skills returns up to limit skills of a vendor after the given id. Another
// vendor's are [Unauthorized].
func (s *Service) Skills(ctx context.Context, by Caller, vendor VendorID, after SkillID, limit int) ([]Skill, error) {
	if vendor != by.Vendor {
		return nil, errOtherVendor
	}
	var skills []Skill
	err := s.store.View(ctx, func(r Reader) (err error) {
		skills, err = r.Skills(vendor, after, limit)
		return err
	})
	return skills, err
}

var errOtherVendor = &Error{
	Kind: Unauthorized, Code: CodeUnauthorized, Message: "The token does not give access to this vendor.",
}

// SomeSkills returns those of the named skills that are the vendor's; another
// vendor's are [Unauthorized].
func (s *Service) SomeSkills(ctx context.Context, by Caller, vendor VendorID, ids []string) ([]Skill, error) {
	if vendor != by.Vendor {
		return nil, errOtherVendor
	}
	var skills []Skill
	err := s.store.View(ctx, func(r Reader) error {
		skills = nil
		for _, id := range ids {
			skill, _, err := r.Skill(SkillID(id))
			if err != nil && !errors.Is(err, ErrNoRow) {
				return err
			}
			if err == nil && skill.Vendor == vendor {
				skills = append(skills, skill)
			}
		}
		return nil
	})
	return skills, err
}

// Skill returns a skill that the caller may read.
func (s *Service) Skill(ctx context.Context, by Caller, id SkillID) (Skill, error) {
	var skill Skill
	err := s.store.View(ctx, func(r Reader) error {
		found, test, err := r.SkillTest(id)
		skill = found
		return may(by, Need{}, found, test, err)
	})
	return skill, err
}

// BatchReport returns what one call did, with the addresses it is about. A
// batch of another skill is [NotFound].
func (s *Service) BatchReport(ctx context.Context, by Caller, id SkillID, batchID string) (Batch, []ReportEntry, error) {
	var batch Batch
	var report []ReportEntry
	err := s.read(ctx, by, id, func(r Reader, _ Test) error {
		b, found, err := r.Batch(batchID)
		if err != nil {
			return err
		}
		if !found || b.Skill != id {
			return notFound("The skill has no batch with this id.")
		}
		batch = b
		report, err = withAddresses(r, b)
		return err
	})
	return batch, report, err
}

func withAddresses(r Reader, b Batch) ([]ReportEntry, error) {
	numbers := make([]int64, len(b.Entries))
	for i, e := range b.Entries {
		numbers[i] = e.Tester
	}
	addresses, err := r.Addresses(b.Test, numbers)
	if err != nil {
		return nil, err
	}
	mails, err := r.BatchMails(b, numbers)
	report := make([]ReportEntry, len(b.Entries))
	for i, e := range b.Entries {
		report[i] = ReportEntry{Entry: e, Email: addresses[e.Tester], Mail: mails[e.Tester]}
	}
	return report, err
}

// CheckName is an [Invalid] error where a thing cannot be called so.
func CheckName(thing, name string) error {
	if strings.TrimSpace(name) == "" || len(name) > 255 || strings.ContainsFunc(name, unicode.IsControl) {
		return &Error{Kind: Invalid, Code: CodePattern, Message: "The " + thing + "'s name must have 1 to 255 octets and no control characters."}
	}
	return nil
}

// CheckID is an [Invalid] error where a thing cannot have such an id.
func CheckID(thing, id string) error {
	if _, err := ParseSkillID(id); err != nil || id == "." || id == ".." { // which no path can name
		return &Error{Kind: Invalid, Code: CodePattern, Message: "The " + thing + "'s id must have 1 to 255 characters and no control characters, and not be . or .. alone."}
	}
	return nil
}

func taken(created bool, err error, thing string) error {
	if err == nil && !created {
		return conflict("There is a " + thing + " with this id already.")
	}
	return err
}
