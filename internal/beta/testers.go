package beta

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Page says which testers to list: up to Limit of those after the address key
// After, in a test; a zero Test means the skill's newest.
type Page struct {
	Test  TestID
	After string
	Limit int
}

// Listing is what came of a page, and for how long it holds: while the store is
// in the state of Mark, between two times.
type Listing struct {
	Next        Page // the page after it; its Limit is zero when this was the last
	Mark        Mark
	From, Until time.Time // Until is when time alone changes what a list shows; zero for never
}

// holds reports whether what was listed is what a list would show now.
func (l Listing) holds(r Reader, now time.Time) bool {
	known := l.Mark != Mark{} && l.Mark == r.Mark()
	return known && !now.Before(l.From) && (l.Until.IsZero() || now.Before(l.Until))
}

// endsAt shortens a listing's time to what lies before t.
func (l *Listing) endsAt(t time.Time) {
	if l.Until.IsZero() || t.Before(l.Until) {
		l.Until = t
	}
}

// ListTesters passes a page of a skill's testers to yield, by address, each
// with whether a reminder would be sent to them now. Of a tester, yield gets
// what a list shows: not Number, Email.Key, FeedbackAt and Mails. A page of an earlier
// round is an [Invalid] error.
//
// known is what came of the same page before, or zero: while it holds, it is
// returned again, and yield is not called.
func (s *Service) ListTesters(ctx context.Context, by Caller, id SkillID, p Page, known Listing, yield func(t Tester, mayRemind bool) error) (Listing, error) {
	var list Listing
	err := s.store.View(ctx, func(r Reader) error {
		var test Test
		var now time.Time
		again := false
		if err := r.Newest(id, p.Test != 0, func(skill Skill, newest Test, err error) error {
			if err := may(by, Need{Test: true}, skill, newest, err); err != nil {
				return err
			}
			if p.Test != 0 && p.Test != newest.ID {
				return errEarlierRound
			}
			test, now, list = newest, s.now(), known
			if again = known.holds(r, now); !again {
				list = s.listing(r, test, now)
			}
			return nil
		}); err != nil || again {
			return err
		}
		next, err := r.Last().Testers(cmp.Or(p.Test, test.ID), p.After, p.Limit, func(t Tester) error { // so none is passed on twice
			return yield(t, test.Status(now) == Running && s.mayRemind(t, now, &list))
		})
		if next != "" {
			list.Next = Page{test.ID, next, p.Limit}
		}
		return err
	})
	return list, err
}

// listing begins a list of a test's testers.
func (s *Service) listing(r Reader, test Test, now time.Time) Listing {
	l := Listing{Mark: r.Mark(), From: now}
	if test.Status(now) == Running {
		l.endsAt(test.ExpiresAt)
	}
	return l
}

// mayRemind reports whether a reminder would be sent to t now, the test being
// RUNNING, and notes on l until when that is so.
func (s *Service) mayRemind(t Tester, now time.Time, l *Listing) bool {
	reason := s.reminderRefusal(t, now)
	if reason == BecauseCoolDown {
		l.endsAt(t.NotifiedAt.Add(s.ReminderEvery))
	}
	return reason == ""
}

var errEarlierRound = &Error{
	Kind: Invalid, Code: CodeParameter, Message: "The parameter is not valid.",
	Violations: []Violation{{CodeParameter, "nextToken: belongs to an earlier beta test of this skill; begin the list anew"}},
}

// Entitled reports whether somebody may use the skill now: the test is RUNNING,
// its time is not up, and the tester has accepted and not left. An address that
// is not in the test is no error.
func (s *Service) Entitled(ctx context.Context, by Caller, id SkillID, email Email) (entitled bool, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		running := false
		if err := r.Newest(id, true, func(skill Skill, test Test, err error) error {
			running = test.Status(s.now()) == Running
			return may(by, Need{Test: true}, skill, test, err)
		}); err != nil {
			return err
		}
		tester, found, err := r.Last().NewestTester(id, email.Key)
		entitled = running && found && tester.State == Accepted
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
