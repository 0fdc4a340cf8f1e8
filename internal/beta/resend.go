package beta

import (
	"context"
	"slices"
)

// Resend sends again what did not arrive: of each kind the tester's last mail,
// if it failed, came back, was not sent because they wanted none then, or nobody
// knows what became of it; of what they wrote and was forwarded, all that did not
// arrive, even when they may not be mailed themselves. It has the same
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
		return c.resend(t, mails)
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

// onceMore is t with an address that had refused our mail to be tried again.
func (t Tester) onceMore() Tester {
	if t.Blocked == BecauseUndeliverable {
		t.Blocked = ""
	}
	return t
}

// resendable returns those of t's mails that may be sent again. What t wrote goes
// to the developer, whatever t wants to be sent.
func (t Tester) resendable(mails []MailRecord) []MailRecord {
	failed := lastFailed(mails)
	if t.onceMore().Reachable() {
		return failed
	}
	return slices.DeleteFunc(failed, func(m MailRecord) bool { return m.Kind != ForwardMail })
}

func (c *change) resend(t Tester, mails []MailRecord) error {
	c.requeued = t.resendable(mails)
	again, nothing := t.onceMore(), len(c.requeued) == 0
	switch {
	case nothing && !again.Reachable():
		c.note(t.Number, Skipped, again.Refusal())
		return nil
	case nothing && again.Blocked == t.Blocked:
		c.note(t.Number, Skipped, BecauseNothingFailed)
		return nil
	}
	c.note(t.Number, Mailed, "")
	if !again.Reachable() {
		return nil // it is the developer who is mailed
	}
	for _, m := range c.requeued {
		again.Unsettled |= m.Kind.Bit()
	}
	return c.SaveTesters(c.test.ID, []Tester{again})
}
