package beta

import "context"

// testsAtOnce is from how many tests one transaction of a Forget erases.
const testsAtOnce = 500

// Forget erases a person from every test of every vendor: address, answers,
// mails and what they asked for. Batches, which name testers by number, stay.
// What is left is a digest of the address, so that adding it again does
// nothing. Whoever is told of it must be an operator: nobody is asked who is
// calling. It returns in how many tests the person was. To repeat it is no
// error; after a failure it must be repeated.
func (s *Service) Forget(ctx context.Context, e Email) (tests int, err error) {
	for more := true; more && err == nil; {
		found := 0
		err = s.store.Update(ctx, func(tx Tx) (err error) {
			found, more, err = s.forgetSome(tx, e)
			return err
		})
		if err == nil {
			tests += found
		}
	}
	return tests, err
}

// forgetSome erases from some tests. The digest comes with the last of them:
// whom it is kept of is nowhere any more, and before that the person may be
// added again, and is found. Who adds them at that moment was waited for: there
// is more then.
func (s *Service) forgetSome(tx Tx, e Email) (found int, more bool, err error) {
	list, err := tx.TestsOf(e.Key, testsAtOnce)
	for _, test := range list {
		if err == nil {
			err = s.forgetOne(tx, e, test)
		}
	}
	if more = len(list) == testsAtOnce; more || err != nil {
		return len(list), more, err
	}
	if err := tx.Forget(e.Key, false, s.now()); err != nil {
		return 0, false, err
	}
	added, err := tx.TestsOf(e.Key, 1)
	return len(list), len(added) > 0, err
}

func (s *Service) forgetOne(tx Tx, e Email, test Test) error {
	skill, _, err := tx.LockTest(test.Skill)
	if err != nil {
		return err
	}
	if test, _, err = tx.Test(test.ID); err != nil { // it was listed before the lock was held
		return err
	}
	numbers, tester, err := tx.Erase(test.ID, e.Key)
	if err != nil {
		return err
	}
	if tester != 0 {
		test.Testers--
		if err := tx.SaveTest(test); err != nil {
			return err
		}
	}
	c := s.begin(tx, Caller{Name: "operator", Vendor: skill.Vendor}, test, OpForget)
	for _, n := range numbers {
		c.note(n, Removed, "")
	}
	return tx.RecordBatch(c.batch)
}

// Remember lets an erased person be added again, as somebody new.
func (s *Service) Remember(ctx context.Context, e Email) error {
	return s.store.Update(ctx, func(tx Tx) error { return tx.Forget(e.Key, true, s.now()) })
}
