package beta

import "context"

// Letter is asked for immediately before a mail is sent: whether it is still
// wanted, and everything its text says. A mail that was overtaken (the tester
// was removed, said no thanks, the test ended) is not wanted any more, so none
// whose check began after the answer to a removal is sent.
func (s *Service) Letter(ctx context.Context, m Mail) (l Letter, wanted bool, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		inv, err := s.about(r, m.ID.Test)
		if err != nil {
			return err
		}
		if inv.Tester, _, err = r.TesterByNumber(m.ID.Test, m.ID.Tester); err != nil {
			return err
		}
		wanted, err = s.wanted(r, m, inv)
		l = s.letter(m, inv)
		return err
	})
	return l, wanted, err
}

func (s *Service) letter(m Mail, inv Invitation) Letter {
	return Letter{
		ID: m.ID, Kind: m.Kind, To: m.To,
		Skill: inv.Skill.Name, Vendor: inv.Vendor.Name,
		FeedbackEmail: inv.Test.FeedbackEmail, ExpiresAt: inv.Test.ExpiresAt,
		Link:     s.linkURL(Link{m.ID.Test, m.ID.Tester}),
		Accepted: inv.Tester.State == Accepted,
	}
}

// wanted judges a mail by what is true now. Telling people that something
// ended makes sense only to those who were told that it began.
func (s *Service) wanted(r Reader, m Mail, inv Invitation) (bool, error) {
	there := inv.Tester.Number == m.ID.Tester
	switch m.Kind {
	case RemovedMail:
		_, again, err := r.Tester(m.ID.Test, m.To.Key)
		if err != nil || again {
			return false, err
		}
		return r.HandedOver(m.ID.Test, m.ID.Tester)
	case EndedMail:
		if !there || !inv.Tester.Reachable() {
			return false, nil
		}
		return r.HandedOver(m.ID.Test, m.ID.Tester)
	}
	live := inv.Status == Running || inv.Status == Starting
	return there && inv.Tester.Reachable() && live, nil
}
