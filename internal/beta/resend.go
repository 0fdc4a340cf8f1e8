package beta

import (
	"context"
	"slices"
)

// Resend sends again what did not arrive: of each kind the tester's last mail,
// if it failed, came back, was not sent because they wanted none then, or nobody
// knows what became of it; of what they wrote
// and was forwarded, all that did not arrive. It has the same
// Message-ID as before, so that a mail which did arrive is seen to be the same. An
// address that had refused our mail is tried once more. Somebody who is not in
// the test is [NotFound].
func (s *Service) Resend(ctx context.Context, by Caller, id SkillID, email Email) (Batch, error) {
	return s.change(ctx, by, id, OpResend, []Status{Running}, func(c *change) error {
		t, found, err := c.Tester(c.test.ID, email.Key)
		if err != nil {
			return err
		}
		if !found {
			return notFound("There is no such tester in the beta test.")
		}
		mails, err := c.TesterMails(c.test.ID, t.Number)
		if err != nil {
			return err
		}
		return c.resend(t, lastFailed(mails))
	})
}

// lastFailed returns the last mail of each kind that did not arrive as far as
// is known.
func lastFailed(mails []MailRecord) (failed []MailRecord) {
	var seen MailKinds
	for _, m := range slices.Backward(mails) {
		if seen.Has(m.Kind) {
			continue
		}
		seen |= m.Kind.Bit()
		if slices.Contains([]MailState{MailFailed, MailBounced, MailUnknown, MailSuppressed}, m.State) {
			failed = append(failed, m)
		}
	}
	return failed
}

func (c *change) resend(t Tester, failed []MailRecord) error {
	was := t.Blocked
	if was == BecauseUndeliverable {
		t.Blocked = ""
	}
	switch {
	case !t.Reachable():
		c.note(t.Number, Skipped, t.Refusal())
		return nil
	case len(failed) == 0 && was == "":
		c.note(t.Number, Skipped, BecauseNothingFailed)
		return nil
	}
	for _, m := range failed {
		t.Unsettled |= m.Kind.Bit()
	}
	c.note(t.Number, Mailed, "")
	c.requeued = failed
	return c.SaveTesters(c.test.ID, []Tester{t})
}
