package beta

import (
	"context"
	"errors"
)

// Wish is what the owner of an address said once, and what outlives their rows.
type Wish struct {
	Test      Reason // why they want no mail of a test, empty if they do
	Vendor    Reason // why they want none of its vendor
	Forgotten bool   // they were erased, and are not to be stored
}

// Unsubscribe records that the person behind a link wants no mail of the
// skill's vendor any more, about whatever test; with again, that they do after
// all. It works for as long as the link's tester is known, removed or not, and
// may be repeated. [NotFound] when the link names nobody.
func (s *Service) Unsubscribe(ctx context.Context, l Link, again bool, requestID string) error {
	return s.store.Update(ctx, func(tx Tx) error {
		if err := lock(tx, l); err != nil {
			return err
		}
		inv, e, err := s.recipient(tx, l)
		if err != nil {
			return err
		}
		refused, err := tx.Refusals(inv.Vendor.ID, []string{e.Key})
		if err != nil || (refused[e.Key] == "") == again {
			return err // it is so already: mail programs repeat themselves, and a batch each would fill the disk
		}
		op, reason := OpUnsubscribe, BecauseUnsubscribed
		if again {
			op, reason = OpSubscribe, ""
		}
		c := s.begin(tx, Caller{Name: "tester", Vendor: inv.Vendor.ID, RequestID: requestID}, inv.Test, op)
		c.note(l.Tester, Answered, "")
		return errors.Join(s.refuse(tx, inv.Vendor.ID, e.Key, reason), tx.RecordBatch(c.batch))
	})
}

// lock holds the test of a link before anything of its testers is read, in the
// order that all changes keep: an erasure comes before or after.
func lock(tx Tx, l Link) error {
	test, found, err := tx.Test(l.Test)
	if err != nil || !found {
		return errors.Join(err, errNoInvitation)
	}
	_, _, err = tx.LockTest(test.Skill)
	return err
}

// Recipient tells whose mail a link stood in, also when they were removed since:
// what the page to unsubscribe shows. Of the tester it tells more than the
// address only where the link still opens their invitation. refused says that
// they want no mail of the vendor. [NotFound] when the link names nobody.
func (s *Service) Recipient(ctx context.Context, l Link) (inv Invitation, refused bool, err error) {
	err = s.store.View(ctx, func(r Reader) error {
		var e Email
		if inv, e, err = s.recipient(r, l); err != nil {
			return err
		}
		now, err := s.invitation(r, l)
		if err == nil {
			inv = now
		} else if !errors.Is(err, errNoInvitation) {
			return err
		}
		inv.Tester.Email = e
		reasons, err := r.Refusals(inv.Vendor.ID, []string{e.Key})
		refused = reasons[e.Key] != ""
		return err
	})
	return inv, refused, err
}

func (s *Service) recipient(r Reader, l Link) (Invitation, Email, error) {
	inv, err := s.about(r, l.Test)
	if err != nil {
		return inv, Email{}, err
	}
	t, found, err := r.TesterByNumber(l.Test, l.Tester)
	if err != nil || found && t.Link() == l {
		return inv, t.Email, err
	}
	f, found, err := r.FormerTester(l.Test, l.Tester)
	if err == nil && (!found || f.AssociatedAt.UnixMilli() != l.Added) {
		err = errNoInvitation
	}
	return inv, f.Email, err
}

// refuse notes an address's wish with the vendor and, so that every list and
// every mail under way knows it, on its testers in the vendor's newest tests.
// Those are locked first, as adds lock them. Refuse waits for the adds that had
// asked before; the second look finds whom they added.
func (s *Service) refuse(tx Tx, vendor VendorID, key string, reason Reason) error {
	if err := blockEverywhere(tx, vendor, key, reason); err != nil {
		return err
	}
	if err := tx.Refuse(vendor, key, reason, s.now()); err != nil {
		return err
	}
	return blockEverywhere(tx, vendor, key, reason)
}

func blockEverywhere(tx Tx, vendor VendorID, key string, reason Reason) error {
	skills, err := tx.NotBlocked(vendor, key, reason)
	for _, id := range skills {
		if err == nil {
			err = block(tx, id, key, reason)
		}
	}
	return err
}

// block notes on a tester of a skill's newest test, if there is one, why they
// are not mailed; an empty reason that they are.
func block(tx Tx, id SkillID, key string, reason Reason) error {
	_, test, err := tx.LockTest(id)
	if err != nil || test.ID == 0 {
		return err
	}
	t, found, err := tx.Tester(test.ID, key)
	if err != nil || !found || t.Blocked == reason {
		return err
	}
	t.Blocked = reason
	return tx.SaveTesters(test.ID, []Tester{t})
}

// Allow has an address mailed again that bounced, complained or unsubscribed:
// for operators, when its owner says so. [NotFound] when nothing keeps it from
// being mailed.
func (s *Service) Allow(ctx context.Context, by Caller, id SkillID, e Email) error {
	return s.locked(ctx, by, id, Need{Write: true, Test: true}, func(tx Tx, skill Skill, test Test) error {
		reasons, err := tx.Refusals(skill.Vendor, []string{e.Key})
		if err != nil {
			return err
		}
		t, _, err := tx.Tester(test.ID, e.Key)
		if err != nil {
			return err
		}
		if reasons[e.Key] == "" && t.Blocked == "" {
			return notFound("Nothing keeps this address from being mailed.")
		}
		c := s.begin(tx, by, test, OpAllow)
		if t.Number != 0 {
			c.note(t.Number, Answered, "")
		}
		return errors.Join(s.refuse(tx, skill.Vendor, e.Key, ""), tx.RecordBatch(c.batch))
	})
}
