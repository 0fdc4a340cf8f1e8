package beta

import (
	"context"
	"slices"
)

// Page says which testers to list: up to Limit of those after the address key
// After, in a test; a zero Test means the skill's newest.
type Page struct {
	Test  TestID
	After string
	Limit int
}

// ListTesters passes a page of a skill's testers to yield, by address, each
// with whether a reminder would be sent to them now. It returns the next page;
// its Limit is zero when this was the last. A page of an earlier round is an
// [Invalid] error.
func (s *Service) ListTesters(ctx context.Context, by Caller, id SkillID, p Page, yield func(t Tester, mayRemind bool) error) (next Page, err error) {
	err = s.read(ctx, by, id, func(r Reader, test Test) error {
		if p.Test != 0 && p.Test != test.ID {
			return errEarlierRound
		}
		now := s.now()
		rows, last := 0, ""
		return r.Testers(test.ID, p.After, p.Limit+1, func(t Tester) error {
			if rows++; rows > p.Limit {
				next = Page{test.ID, last, p.Limit}
				return nil
			}
			last = t.Email.Key
			return yield(t, test.Status(now) == Running && s.reminderRefusal(t, now) == "")
		})
	})
	return next, err
}

var errEarlierRound = &Error{
	Kind: Invalid, Code: CodeParameter, Message: "The parameter is not valid.",
	Violations: []Violation{{CodeParameter, "nextToken: belongs to an earlier beta test of this skill; begin the list anew"}},
}

// Entitled reports whether somebody may use the skill now: the test is RUNNING,
// its time is not up, and the tester has accepted and not left. An address that
// is not in the test is no error.
func (s *Service) Entitled(ctx context.Context, by Caller, id SkillID, email Email) (entitled bool, err error) {
	err = s.read(ctx, by, id, func(r Reader, test Test) error {
		if test.Status(s.now()) != Running {
			return nil
		}
		tester, found, err := r.Tester(test.ID, email.Key)
		entitled = found && tester.State == Accepted
		return err
	})
	return entitled, err
}

func keys(emails []Email) []string {
	keys := make([]string, len(emails))
	for i, e := range emails {
		keys[i] = e.Key
	}
	return keys
}

func byKey(testers []Tester) map[string]Tester {
	m := make(map[string]Tester, len(testers))
	for _, t := range testers {
		m[t.Email.Key] = t
	}
	return m
}

// unique returns the first spelling of each address, in order.
func unique(emails []Email) []Email {
	seen := make(map[string]bool, len(emails))
	return slices.DeleteFunc(slices.Clone(emails), func(e Email) bool {
		again := seen[e.Key]
		seen[e.Key] = true
		return again
	})
}
