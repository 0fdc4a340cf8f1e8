package beta

import (
	"context"
	"fmt"
	"slices"
)

// Adding says more of how testers are added.
type Adding struct {
	Languages map[string]Language // by address key; who is not in it gets the test's
	Quiet     bool                // nobody is invited; a reminder can be sent later
}

// AddTesters adds those who are not in the test yet and, when it runs, invites
// them. It is a [Conflict] when the test would pass its cap.
func (s *Service) AddTesters(ctx context.Context, by Caller, id SkillID, emails []Email) (Batch, error) {
	return s.AddTestersWith(ctx, by, id, emails, Adding{})
}

// AddTestersWith is AddTesters, told more. Who is there already stays as they are.
func (s *Service) AddTestersWith(ctx context.Context, by Caller, id SkillID, emails []Email, how Adding) (Batch, error) {
	offered := unique(emails) // now, and not while others wait for the lock
	return s.change(ctx, by, id, OpAdd, []Status{InDraft, Running}, func(c *change) error {
		testers, err := c.newcomers(offered, how)
		if err != nil {
			return err
		}
		numbers, err := c.AddTesters(c.test.ID, testers)
		if err != nil {
			return err
		}
		if len(numbers) > 0 && c.test.Testers+len(numbers) > s.Cap {
			return conflict(fmt.Sprintf("The beta test would have %d testers; it can have at most %d.", c.test.Testers+len(numbers), s.Cap))
		}
		c.test.Testers += len(numbers)
		return c.noteAdded(emails, testers, numbers, how.Quiet)
	})
}

// newcomers makes the testers that an add would store, each with its
// invitation when the test runs, the call did not ask for quiet, and the person
// did not ask for no mail before.
// Those who were erased are none: they get a number, for the batch, and that is all.
func (c *change) newcomers(emails []Email, how Adding) ([]Tester, error) {
	wishes, err := c.Wishes(c.test.ID, c.batch.Vendor, keys(emails))
	if err != nil {
		return nil, err
	}
	testers := make([]Tester, 0, len(emails))
	invite := c.test.Stored == Running && !how.Quiet
	if invite {
		c.mails = make([]Mail, 0, len(emails))
	}
	for _, e := range emails {
		c.test.Numbers++
		wish := wishes[e.Key]
		if wish.Forgotten {
			c.forgotten(e)
			continue
		}
		t := Tester{
			Test: c.test.ID, Number: c.test.Numbers, Email: e, AssociatedAt: c.now, Language: how.Languages[e.Key],
			State: stateAfter(wish.Test), Blocked: wish.Vendor,
		}
		if invite && t.Reachable() {
			c.mail(&t, InvitationMail)
		}
		testers = append(testers, t)
	}
	return testers, nil
}

// forgotten gives the newest number to somebody who is not to be stored.
func (c *change) forgotten(e Email) {
	if c.gone == nil {
		c.gone = map[string]int64{}
	}
	c.gone[e.Key] = c.test.Numbers
}

func stateAfter(refusal Reason) TesterState {
	switch refusal {
	case BecauseDeclined:
		return Declined
	case BecauseLeft:
		return Left
	}
	return Invited
}

// noteAdded records what became of each address. Offered are the emails in the
// same order, each once.
func (c *change) noteAdded(emails []Email, offered []Tester, added []int64, quiet bool) error {
	before, err := c.thereBefore(offered, added)
	if err != nil {
		return err
	}
	c.batch.Entries = make([]Entry, 0, len(emails))
	noted := make(map[string]int64, len(offered))
	for _, e := range emails {
		if number, gone := c.gone[e.Key]; gone {
			c.note(number, Skipped, BecauseForgotten)
			continue
		}
		if number, again := noted[e.Key]; again {
			c.note(number, Already, BecauseRepeated)
			continue
		}
		t := offered[len(noted)]
		if there, was := before[e.Key]; was {
			t = there
			c.note(t.Number, Already, "")
		} else {
			c.note(t.Number, Added, c.whyNotInvited(t, quiet))
		}
		noted[e.Key] = t.Number
	}
	return nil
}

// thereBefore returns those of the offered who were in the test already, and
// drops their invitations.
func (c *change) thereBefore(offered []Tester, added []int64) (map[string]Tester, error) {
	if len(added) == len(offered) {
		return nil, nil
	}
	isNew := func(number int64) bool {
		_, found := slices.BinarySearch(added, number)
		return found
	}
	c.mails = slices.DeleteFunc(c.mails, func(m Mail) bool { return !isNew(m.ID.Tester) })
	var keys []string
	for _, t := range offered {
		if !isNew(t.Number) {
			keys = append(keys, t.Email.Key)
		}
	}
	stored, err := c.FindTesters(c.test.ID, keys)
	return byKey(stored), err
}

func (c *change) whyNotInvited(t Tester, quiet bool) Reason {
	if c.test.Stored != Running {
		return BecauseDraft
	}
	if reason := t.Refusal(); reason != "" || !quiet {
		return reason
	}
	return BecauseQuiet
}
