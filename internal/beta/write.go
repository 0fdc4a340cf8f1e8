package beta

import (
	"context"
	"slices"
	"time"
)

// maxWritten is how much one tester can write in a test: nobody has more to
// say, and a link that got about must not fill the disk or the developer's
// mailbox.
const maxWritten = 20

// sentTwice is how soon the same words again are taken for a button pressed
// twice, or sent again after a lost reply.
const sentTwice = 10 * time.Minute

var (
	errNoFeedback = conflict("The test takes no feedback now.")
	errStays      = conflict("The tester has neither declined nor left.")
	errMuch       = &Error{Kind: TooMany, Code: "TOO_MANY_REQUESTS", Message: "This tester has written as much as one can in a test."}
)

// Write keeps what a tester wrote, beside all that they wrote before, and
// queues a mail with it to the test's feedback address, if there is one. The
// same words again within a few minutes are no error, and kept once. It is a
// [NotFound] error when the link names nobody any more, a [Conflict] when the
// test takes no feedback ([Test.TakesFeedback]) or somebody who has neither
// declined nor left says why, and [TooMany] after 20 times.
func (s *Service) Write(ctx context.Context, l Link, f Feedback, requestID string) (Invitation, error) {
	var inv Invitation
	var queued bool
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		queued = false
		if inv, err = s.lockInvitation(tx, l); err != nil {
			return err
		}
		switch state := inv.Tester.State; {
		case !inv.TakesFeedback:
			return errNoFeedback
		case f.Kind == DeclineReason && state != Declined && state != Left:
			return errStays
		}
		c := s.begin(tx, Caller{Name: "tester", Vendor: inv.Vendor.ID, RequestID: requestID}, inv.Test, OpWrite)
		err = c.write(inv.Tester, f)
		queued = len(c.mails) > 0
		return err
	})
	if err == nil && queued {
		s.queued()
	}
	return inv, err
}

// write keeps what t wrote, unless they have just sent it.
func (c *change) write(t Tester, f Feedback) error {
	before, err := c.TesterFeedback(c.test.ID, t.Number)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(before, func(b Feedback) bool {
		return b.Kind == f.Kind && b.Rating == f.Rating && b.Text == f.Text && c.now.Before(b.At.Add(sentTwice))
	}):
		return nil
	case len(before) >= maxWritten:
		return errMuch
	}
	t.Mails++
	f.ID, f.At = MailID{c.test.ID, t.Number, t.Mails}, c.now
	if err := c.AddFeedback(f); err != nil {
		return err
	}
	if err := c.SaveTesters(c.test.ID, []Tester{t}); err != nil {
		return err
	}
	c.forward(f)
	c.note(t.Number, Answered, "")
	return c.finish()
}

// forward queues a mail with f to the test's feedback address, if it has one.
// It is the developer's mail: nothing of it is noted on the tester.
func (c *change) forward(f Feedback) {
	to, err := ParseEmail(c.test.FeedbackEmail)
	if err != nil {
		return // none was given
	}
	c.mails = append(c.mails, Mail{
		ID: f.ID, Kind: ForwardMail, To: to, Vendor: c.batch.Vendor,
		Batch: c.batch.ID, RequestID: c.batch.RequestID, QueuedAt: c.now, DueAt: c.now,
	})
}

// forwarded is the letter with what a tester wrote, wanted until the person is
// erased: what was written with them, or who wrote it.
func (s *Service) forwarded(r Reader, m Mail, inv Invitation) (l Letter, wanted bool, err error) {
	written, err := r.TesterFeedback(m.ID.Test, m.ID.Tester)
	if err != nil {
		return Letter{}, false, err
	}
	i := slices.IndexFunc(written, func(f Feedback) bool { return f.ID == m.ID })
	if i < 0 {
		return Letter{}, false, nil
	}
	authors, err := r.Addresses(m.ID.Test, []int64{m.ID.Tester})
	if err != nil {
		return Letter{}, false, err
	}
	l = Letter{
		ID: m.ID, QueuedAt: m.QueuedAt, Kind: m.Kind, To: m.To,
		Skill: inv.Skill.Name, Vendor: inv.Vendor.Name, Written: written[i],
	}
	l.Written.Email, wanted = authors[m.ID.Tester]
	return l, wanted, nil
}
