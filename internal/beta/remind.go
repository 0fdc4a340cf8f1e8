package beta

import (
	"context"
	"time"
)

// RemoveTesters removes those who are in the test. Their place is free again,
// their links are dead, and when the test runs they are told.
func (s *Service) RemoveTesters(ctx context.Context, by Caller, id SkillID, emails []Email) (Batch, error) {
	return s.change(ctx, by, id, OpRemove, []Status{InDraft, Running}, func(c *change) error {
		return c.each(emails, NotThere, func(t *Tester) (Result, Reason) {
			if c.test.Stored == Running && t.Reachable() {
				c.mail(t, RemovedMail)
			}
			c.test.Testers--
			return Removed, ""
		}, func(gone []Tester) error { return c.Tx.RemoveTesters(c.test.ID, gone, c.now) })
	})
}

// SendReminder mails those whose reminder is allowed now; the batch says why
// the others were skipped.
func (s *Service) SendReminder(ctx context.Context, by Caller, id SkillID, emails []Email) (Batch, error) {
	return s.mailThem(ctx, by, id, OpRemind, ReminderMail, emails, s.reminderRefusal)
}

// RequestFeedback mails those who were not asked for feedback too recently.
func (s *Service) RequestFeedback(ctx context.Context, by Caller, id SkillID, emails []Email) (Batch, error) {
	return s.mailThem(ctx, by, id, OpFeedback, FeedbackMail, emails, s.feedbackRefusal)
}

func (s *Service) mailThem(ctx context.Context, by Caller, id SkillID, op Operation, kind MailKind, emails []Email, refusal func(Tester, time.Time) Reason) (Batch, error) {
	return s.change(ctx, by, id, op, []Status{Running}, func(c *change) error {
		return c.each(emails, Skipped, func(t *Tester) (Result, Reason) {
			if reason := refusal(*t, c.now); reason != "" {
				return Skipped, reason
			}
			c.mail(t, kind)
			return Mailed, ""
		}, func(mailed []Tester) error { return c.SaveTesters(c.test.ID, mailed) })
	})
}

// reminderRefusal says why no reminder may be sent to t; empty when one may.
func (s *Service) reminderRefusal(t Tester, now time.Time) Reason {
	return refusal(t, ReminderMail, t.NotifiedAt.Add(s.ReminderEvery), now)
}

func (s *Service) feedbackRefusal(t Tester, now time.Time) Reason {
	return refusal(t, FeedbackMail, t.FeedbackAt.Add(s.FeedbackEvery), now)
}

func refusal(t Tester, kind MailKind, due, now time.Time) Reason {
	switch {
	case !t.Reachable():
		return t.Refusal()
	case t.Unsettled.Has(kind):
		return BecauseUnsettled
	case now.Before(due):
		return BecauseCoolDown
	}
	return ""
}

// each calls act once for every address that is in the test, records what
// became of each address, and saves the testers acted upon. Addresses that are
// not there are recorded as absent.
func (c *change) each(emails []Email, absent Result, act func(*Tester) (Result, Reason), save func([]Tester) error) error {
	stored, err := c.FindTesters(c.test.ID, keys(emails))
	if err != nil {
		return err
	}
	found := byKey(stored)
	strangers, err := c.strangers(emails, found)
	if err != nil {
		return err
	}
	var acted []Tester
	for _, e := range emails {
		t, ok := found[e.Key]
		switch {
		case !ok:
			c.note(strangers[e.Key], absent, BecauseNotThere)
		case t.Test == 0:
			c.note(t.Number, Skipped, BecauseRepeated)
		default:
			result, reason := act(&t)
			c.note(t.Number, result, reason)
			acted = append(acted, t)
			found[e.Key] = Tester{Number: t.Number}
		}
	}
	return save(acted)
}

// strangers gives the addresses that are not in the test a number, by which
// the batch can name them.
func (c *change) strangers(emails []Email, found map[string]Tester) (map[string]int64, error) {
	var unknown []Tester
	for _, e := range unique(emails) {
		if _, ok := found[e.Key]; !ok {
			c.test.Numbers++
			unknown = append(unknown, Tester{Number: c.test.Numbers, Email: e})
		}
	}
	if unknown == nil {
		return nil, nil
	}
	return c.RememberStrangers(c.test.ID, unknown, c.now)
}
