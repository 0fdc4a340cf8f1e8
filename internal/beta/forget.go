package beta

import "context"

// testsAtOnce is how many tests one transaction of a Forget looks through.
const testsAtOnce = 500

// Forget erases a person from every test of every vendor: address, answers,
// mails and what they asked for. Batches, which name testers by number, stay.
// What is left is a digest of the address, so that adding it again does
// nothing. Whoever is told of it must be an operator: nobody is asked who is
// calling. It returns in how many tests the person was. To repeat it is no
// error; after a failure it must be repeated.
func (s *Service) Forget(ctx context.Context, e Email) (tests int, err error) {
	err = s.store.Update(ctx, func(tx Tx) error { return tx.Forget(e.Key, false, s.now()) })
	for after := TestID(0); err == nil; {
		var last TestID
		found := 0
		err = s.store.Update(ctx, func(tx Tx) (err error) {
			last, found, err = s.forgetIn(tx, e, after)
			return err
		})
		if tests += found; err == nil && last == 0 {
			return tests, nil
		}
		after = last
	}
	return tests, err
}

// forgetIn erases from the tests above an id, and returns the last one looked
// at; zero when there were none.
func (s *Service) forgetIn(tx Tx, e Email, after TestID) (last TestID, found int, err error) {
	list, err := tx.Tests(after, testsAtOnce)
	for _, test := range list {
		last = test.ID
		there, err := s.forgetOne(tx, e, test)
		if err != nil {
			return 0, 0, err
		}
		if there {
			found++
		}
	}
	return last, found, err
}

func (s *Service) forgetOne(tx Tx, e Email, test Test) (there bool, err error) {
	skill, newest, err := tx.LockTest(test.Skill)
	if err != nil {
		return false, err
	}
	if newest.ID == test.ID {
		test = newest
	}
	if err := tx.Refuse(skill.Vendor, e.Key, "", s.now()); err != nil {
		return false, err
	}
	numbers, tester, err := tx.Erase(test.ID, e.Key)
	if err != nil || len(numbers) == 0 {
		return false, err
	}
	if tester != 0 {
		test.Testers--
		if err := tx.SaveTest(test); err != nil {
			return false, err
		}
	}
	c := s.begin(tx, Caller{Name: "operator", Vendor: skill.Vendor}, test, OpForget)
	for _, n := range numbers {
		c.note(n, Removed, "")
	}
	return true, tx.RecordBatch(c.batch)
}

// Remember lets an erased person be added again, as somebody new.
func (s *Service) Remember(ctx context.Context, e Email) error {
	return s.store.Update(ctx, func(tx Tx) error { return tx.Forget(e.Key, true, s.now()) })
}
