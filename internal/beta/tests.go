package beta

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Step is how many testers are mailed in one transaction while a test starts
// or ends; up to twice as many are done in one go.
const Step = 500

// CreateTest begins a new round for a skill. It is a [Conflict] unless the
// skill's newest test, if any, has ended.
func (s *Service) CreateTest(ctx context.Context, by Caller, id SkillID, feedbackEmail string) error {
	return s.locked(ctx, by, id, Need{Write: true, Own: true}, func(tx Tx, _ Skill, last Test) error {
		now := s.now()
		if status := last.Status(now); last.ID != 0 && status != Ended {
			return conflict("The skill has a beta test already; it is " + string(status) + ".")
		}
		test := Test{
			ID: NewTestID(now), Skill: id, Round: last.Round + 1, Stored: InDraft,
			FeedbackEmail: feedbackEmail, Language: last.Language, CreatedAt: now,
		}
		if err := tx.CreateTest(test); err != nil {
			return err
		}
		return tx.RecordBatch(s.begin(tx, by, test, OpCreate).batch)
	})
}

// UpdateTest sets where feedback goes; nil leaves it, "" clears it.
func (s *Service) UpdateTest(ctx context.Context, by Caller, id SkillID, feedbackEmail *string) error {
	_, err := s.change(ctx, by, id, OpUpdate, []Status{InDraft, Running}, func(c *change) error {
		if feedbackEmail != nil {
			c.test.FeedbackEmail = *feedbackEmail
		}
		return nil
	})
	return err
}

// BetaTest returns the newest round of a skill and the state that holds now.
func (s *Service) BetaTest(ctx context.Context, by Caller, id SkillID) (Test, Status, error) {
	var test Test
	err := s.read(ctx, by, id, func(_ Reader, t Test) error {
		test = t
		return nil
	})
	return test, test.Status(s.now()), err
}

// StartTest opens the test: it runs for [Rules].Life from now, and every tester
// is invited.
func (s *Service) StartTest(ctx context.Context, by Caller, id SkillID) (Batch, error) {
	return s.change(ctx, by, id, OpStart, []Status{InDraft}, func(c *change) error {
		c.test.ExpiresAt = c.now.Add(s.Life)
		c.test.Stored = Starting
		return c.beginSteps()
	})
}

// EndTest closes the test; access ends at once. Testers are told, unless the
// test was still a draft and nobody was invited.
func (s *Service) EndTest(ctx context.Context, by Caller, id SkillID) (Batch, error) {
	return s.change(ctx, by, id, OpEnd, []Status{InDraft, Running}, func(c *change) error {
		if c.test.Stored == InDraft {
			c.test.Stored, c.test.EndedAt = Ended, c.now
			return nil
		}
		return c.stop()
	})
}

// dueAtOnce is how many tests one Tick takes a step with.
const dueAtOnce = 20

// Tick does one step of what time or size left unfinished: it ends tests whose
// time is up, or mails the next testers of those that are STARTING or STOPPING.
// more tells whether there may be more to do at once.
func (s *Service) Tick(ctx context.Context) (more bool, err error) {
	var due []Test
	err = s.store.View(ctx, func(r Reader) (err error) {
		due, err = r.DueTests(s.now(), dueAtOnce)
		return err
	})
	if err != nil {
		return false, err
	}
	var failed []error // one test that fails must not hold up the others
	for _, t := range due {
		if err := s.step(ctx, t); err != nil {
			failed = append(failed, fmt.Errorf("test %s: %w", t.ID, err))
		}
	}
	if len(due) > len(failed) {
		s.queued()
	}
	return len(due) > len(failed), errors.Join(failed...)
}

// step advances one due test.
func (s *Service) step(ctx context.Context, due Test) error {
	return s.store.Update(ctx, func(tx Tx) error {
		skill, _, err := tx.LockTest(due.Skill)
		if err != nil {
			return err
		}
		test, _, err := tx.Test(due.ID)
		if err != nil {
			return err
		}
		c := s.begin(tx, Caller{Name: "clock", Vendor: skill.Vendor}, test, test.pending(s.now()))
		if c.batch.Operation == "" {
			return nil // somebody else was faster
		}
		if err := c.advance(); err != nil {
			return err
		}
		return c.finish()
	})
}

// pending returns what is left to do for a test; empty when nothing is.
func (t Test) pending(now time.Time) Operation {
	switch {
	case t.Stored == Stopping:
		return OpEnd
	case t.expired(now):
		return OpExpire
	case t.Stored == Starting:
		return OpStart
	}
	return ""
}

func (c *change) advance() error {
	if c.batch.Operation == OpExpire {
		return c.stop()
	}
	return c.mailNext(Step)
}

func (c *change) stop() error {
	c.test.EndedAt = c.now
	if c.test.expired(c.now) {
		c.test.EndedAt = c.test.ExpiresAt
	}
	c.test.Stored = Stopping
	return c.beginSteps()
}

// beginSteps mails everybody at once where they are few; else later steps do.
func (c *change) beginSteps() error {
	c.test.Queued = 0
	if c.test.Testers > 2*Step {
		return nil
	}
	return c.mailNext(2*Step + 1)
}

// mailNext mails up to limit testers of a test that is STARTING or STOPPING and
// moves the test on when none is left.
func (c *change) mailNext(limit int) error {
	kind, next := InvitationMail, Running
	if c.test.Stored == Stopping {
		kind, next = EndedMail, Ended
	}
	testers, err := c.TestersAfter(c.test.ID, c.test.Queued, limit)
	if err != nil {
		return err
	}
	for i := range testers {
		c.mailOrSkip(&testers[i], kind)
		c.test.Queued = testers[i].Number
	}
	if len(testers) < limit {
		c.test.Stored = next
	}
	return c.SaveTesters(c.test.ID, testers)
}

func (c *change) mailOrSkip(t *Tester, kind MailKind) {
	if reason := t.Refusal(); reason != "" {
		c.note(t.Number, Skipped, reason)
		return
	}
	c.mail(t, kind)
	c.note(t.Number, Mailed, "")
}
