package beta

import (
	"context"
	"slices"
)

// Story is everything known of one address in a test: who they are there now,
// or were last, every mail with every attempt, and what calls did to them.
type Story struct {
	Test      Test
	Status    Status // what holds now
	Email     Email
	Tester    Tester // zero when the address is not in the test
	MayRemind bool   // whether a reminder would be sent now
	MayResend bool   // whether there is a mail that did not arrive and would be sent again
	Former    []FormerTester
	Mails     []MailRecord // the newest first
	Events    []Event      // the newest first
}

// State is what the address is in the test.
func (s Story) State() TesterState {
	if s.Tester.Number == 0 {
		return Gone
	}
	return s.Tester.State
}

// Language is what the address is written to in, or last was; empty for the test's.
func (s Story) Language() Language {
	if s.Tester.Number == 0 {
		return s.Former[0].Language
	}
	return s.Tester.Language
}

// Event is what one call did to a tester.
type Event struct {
	Batch  // without its entries
	Result Result
	Reason Reason
}

// maxEvents bounds how far back a story tells what calls did.
const maxEvents = 100

// Story tells everything of an address in a skill's newest test, also when it
// was removed. It is [NotFound] for an address that the test never knew.
func (s *Service) Story(ctx context.Context, by Caller, id SkillID, email Email) (Story, error) {
	var story Story
	err := s.read(ctx, by, id, func(r Reader, test Test) error {
		now := s.now()
		story = Story{Test: test, Status: test.Status(now)}
		tester, found, err := r.Tester(test.ID, email.Key)
		if err != nil {
			return err
		}
		if story.Former, err = r.Former(test.ID, email.Key); err != nil {
			return err
		}
		wasNever := func(f FormerTester) bool { return f.AssociatedAt.IsZero() }
		story.Former = slices.DeleteFunc(story.Former, wasNever)
		if !found && len(story.Former) == 0 {
			return notFound("The beta test never knew this address.")
		}
		if found {
			story.Tester = tester
			story.MayRemind = story.Status == Running && s.reminderRefusal(tester, now) == ""
		}
		if story.Email = tester.Email; !found {
			story.Email = story.Former[0].Email
		}
		return story.read(r)
	})
	return story, err
}

// numbers are those that the address has and had, the newest first.
func (s *Story) numbers() (list []int64) {
	if s.Tester.Number != 0 {
		list = append(list, s.Tester.Number)
	}
	for _, f := range s.Former {
		list = append(list, f.Number)
	}
	return list
}

// read adds what is told of every number that the address had.
func (s *Story) read(r Reader) error {
	for _, number := range s.numbers() {
		mails, err := r.TesterMails(s.Test.ID, number)
		if err != nil {
			return err
		}
		if number == s.Tester.Number && s.Status == Running {
			s.MayResend = len(s.Tester.resendable(mails)) > 0
		}
		slices.Reverse(mails)
		s.Mails = append(s.Mails, mails...)
		batches, err := r.TesterBatches(s.Test.ID, number, maxEvents)
		if err != nil {
			return err
		}
		for _, b := range batches {
			e, _ := b.Entry(number)
			b.Entries = nil
			s.Events = append(s.Events, Event{b, e.Result, e.Reason})
		}
	}
	return nil
}
