package beta

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// AddTesters adds those who are not in the test yet and, when it runs, invites
// them. It is a [Conflict] when the test would pass its cap.
func (s *Service) AddTesters(ctx context.Context, by Caller, id SkillID, emails []Email) (Batch, error) {
	return s.change(ctx, by, id, OpAdd, []Status{InDraft, Running}, func(c *change) error {
		testers, err := c.newcomers(unique(emails))
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
		return c.noteAdded(emails, testers, numbers)
	})
}

// newcomers makes the testers that an add would store, each with its
// invitation when the test runs and the person did not ask for no mail before.
func (c *change) newcomers(emails []Email) ([]Tester, error) {
	refused, err := c.Suppressed(c.test.ID, keys(emails))
	if err != nil {
		return nil, err
	}
	testers := make([]Tester, len(emails))
	for i, e := range emails {
		c.test.Numbers++
		testers[i] = Tester{
			Test: c.test.ID, Number: c.test.Numbers, Email: e,
			State: stateAfter(refused[e.Key]), AssociatedAt: c.now,
		}
		if c.test.Stored == Running && testers[i].Reachable() {
			c.mail(&testers[i], InvitationMail)
		}
	}
	return testers, nil
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

// noteAdded records what became of each address, and drops the invitations of
// those who were there already.
func (c *change) noteAdded(emails []Email, offered []Tester, added []int64) error {
	testers, err := c.there(offered, added)
	if err != nil {
		return err
	}
	c.mails = slices.DeleteFunc(c.mails, func(m Mail) bool {
		_, isNew := slices.BinarySearch(added, m.ID.Tester)
		return !isNew
	})
	noted := make(map[int64]bool, len(testers))
	for _, e := range emails {
		t := testers[e.Key]
		_, isNew := slices.BinarySearch(added, t.Number)
		switch {
		case noted[t.Number]:
			c.note(t.Number, Already, BecauseRepeated)
		case isNew:
			c.note(t.Number, Added, c.whyNotInvited(t))
		default:
			c.note(t.Number, Already, "")
		}
		noted[t.Number] = true
	}
	return nil
}

// there returns the testers that the test has now for the offered addresses.
func (c *change) there(offered []Tester, added []int64) (map[string]Tester, error) {
	found := byKey(offered)
	if len(added) == len(offered) {
		return found, nil
	}
	stored, err := c.FindTesters(c.test.ID, slices.Collect(maps.Keys(found)))
	for _, t := range stored {
		found[t.Email.Key] = t
	}
	return found, err
}

func (c *change) whyNotInvited(t Tester) Reason {
	if c.test.Stored != Running {
		return BecauseDraft
	}
	return t.refusal()
}
