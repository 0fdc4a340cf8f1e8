package beta

import (
	"context"
	"errors"
	"slices"
)

// Letter is asked for immediately before a mail is sent: whether it is still
// wanted, and everything its text says. A mail that was overtaken (the tester
// was removed, said no thanks, the test ended) is not wanted any more, so none
// whose check began after the answer to a removal is sent; where its recipient
// is not mailed whatever the test does, Refusal says why. The error is
// [ErrNotYet] when that cannot be told yet.
func (s *Service) Letter(ctx context.Context, m Mail) (l Letter, wanted bool, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		l, wanted = Letter{}, false
		inv, err := s.about(r, m.ID.Test)
		if errors.Is(err, errNoInvitation) {
			return nil // the test is gone
		}
		if err != nil {
			return err
		}
		if m.Kind == ForwardMail {
			l, wanted, err = s.forwarded(r, m, inv)
			return err
		}
		// By the address: one look tells whether the tester is there and, if
		// not, whether the same person was added again.
		now, found, err := r.Tester(m.ID.Test, m.To.Key)
		if err != nil {
			return err
		}
		again := found && now.Number != m.ID.Tester
		if !again {
			inv.Tester = now
		}
		who, err := s.linkOf(r, m, inv.Tester)
		if err != nil {
			return err
		}
		l = s.letter(m, inv, who)
		if l.Refusal, wanted, err = s.wanted(r, m, inv, again); err != nil {
			return err
		}
		l.Language, err = s.language(r, m, inv)
		return err
	})
	return l, wanted, err
}

// linkOf is the personal link of who m is for, also when they were removed.
func (s *Service) linkOf(r Reader, m Mail, now Tester) (Link, error) {
	if now.Number == m.ID.Tester {
		return now.Link(), nil
	}
	f, _, err := r.FormerTester(m.ID.Test, m.ID.Tester)
	return Link{m.ID.Test, m.ID.Tester, f.AssociatedAt.UnixMilli()}, err
}

func (s *Service) letter(m Mail, inv Invitation, who Link) Letter {
	return Letter{
		ID: m.ID, QueuedAt: m.QueuedAt, Kind: m.Kind, To: m.To,
		Skill: inv.Skill.Name, SkillID: inv.Skill.ID, Vendor: inv.Vendor.Name, VendorID: inv.Vendor.ID,
		FeedbackEmail: inv.Test.FeedbackEmail, ExpiresAt: inv.Test.ExpiresAt,
		Link:        s.linkURL(placeOf(m.Kind), who),
		Unsubscribe: s.linkURL(UnsubscribePlace, who),
		Accepted:    inv.Tester.State == Accepted,
	}
}

// placeOf is where a mail of a kind leads its recipient.
func placeOf(kind MailKind) Place {
	if kind == FeedbackMail {
		return FeedbackPlace
	}
	return InvitationPlace
}

// ErrNotYet is returned for a letter that hangs on an earlier one which is just
// being sent: ask again when that is settled.
var ErrNotYet = errors.New("an earlier mail to the same person is being sent")

// wanted judges a mail by what is true now; again means that who it is for was
// removed and added again. The refusal is the recipient's, if that is why not.
func (s *Service) wanted(r Reader, m Mail, inv Invitation, again bool) (refusal Reason, wanted bool, err error) {
	there := inv.Tester.Number == m.ID.Tester
	switch m.Kind {
	case RemovedMail:
		refused, err := r.Refusals(inv.Vendor.ID, []string{m.To.Key})
		if refusal = refused[m.To.Key]; err != nil || there || again || refusal != "" {
			return refusal, false, err
		}
		wanted, err = wasInvited(r, m.ID)
		return "", wanted, err
	case EndedMail:
		if !there || !inv.Tester.Reachable() {
			return inv.Tester.Refusal(), false, nil
		}
		wanted, err = wasInvited(r, m.ID)
		return "", wanted, err
	}
	if !there || !inv.Tester.Reachable() {
		return inv.Tester.Refusal(), false, nil
	}
	return "", inv.Status == Running || inv.Status == Starting, nil
}

// wasInvited reports whether a relay took, or may have taken, any other mail to
// the tester: telling people that something ended makes sense only to those who
// were told that it began.
func wasInvited(r Reader, id MailID) (bool, error) {
	mails, err := r.TesterMails(id.Test, id.Tester)
	if err != nil {
		return false, err
	}
	mails = slices.DeleteFunc(mails, func(m MailRecord) bool { return m.Kind == ForwardMail || m.ID == id }) // not to them, or this one
	for _, m := range mails {
		if m.Unknowns > 0 || m.State == MailSent || m.State == MailBounced || m.State == MailUnknown {
			return true, nil
		}
	}
	for _, m := range mails {
		if m.State == MailSending && m.Kind == InvitationMail {
			return false, ErrNotYet
		}
	}
	return false, nil
}
