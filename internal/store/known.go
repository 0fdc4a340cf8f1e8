package store

import "tryout/internal/beta"

// known is what whoever has the writer's turn knows without asking: every change
// to a test begins by reading it, and was mostly preceded by another that wrote it.
// It is forgotten when anybody else has written, when a transaction is undone, and
// by every statement that writes the tables it is from, but for the one whose
// effect is known.
//
// The nil known, where another server's transactions may run beside, knows nothing.
type known struct {
	as       beta.Mark // the state that it is true of between transactions; zero for none
	tests    map[beta.SkillID]tested
	wishless map[wishers]bool // where nobody wished anything
}

type wishers struct {
	test   beta.TestID
	vendor beta.VendorID
}

// knownFrom is the tables that it is from.
const knownFrom = skillsTable | testsTable | wishesTable

// begin is told the state in which a transaction begins.
func (k *known) begin(mark beta.Mark) {
	if mark == (beta.Mark{}) || mark != k.as {
		k.forget()
	}
	k.as = beta.Mark{} // until it is committed: it may be undone
}

func (k *known) forget() {
	clear(k.tests)
	clear(k.wishless)
}

// noteWrite is told of each statement that writes.
func (k *known) noteWrite(sql string, to tables) {
	if to&knownFrom != 0 && sql != saveTest {
		k.forget()
	}
}

// newestTest returns a skill with its newest test, asking read where that is not known.
func (k *known) newestTest(id beta.SkillID, read func() (tested, error)) (tested, error) {
	if k == nil {
		return read()
	}
	if both, is := k.tests[id]; is {
		return both, nil
	}
	both, err := read()
	if err == nil {
		put(&k.tests, id, both)
	}
	return both, err
}

// saved is told that test was written with saveTest: what it sets is what a read
// would now return.
func (k *known) saved(test beta.Test) {
	if k == nil {
		return
	}
	both, is := k.tests[test.Skill]
	if !is || both.test.ID != test.ID { // whose it is, the statement did not ask
		k.forget()
		return
	}
	test.Round, test.CreatedAt = both.test.Round, both.test.CreatedAt
	test.ExpiresAt, test.EndedAt = at(ms(test.ExpiresAt)), at(ms(test.EndedAt))
	k.tests[test.Skill] = tested{both.skill, test}
}

// isWishless reports whether nobody wished anything, asking some where that is not known.
func (k *known) isWishless(w wishers, some func() (bool, error)) (bool, error) {
	if k != nil && k.wishless[w] {
		return true, nil
	}
	wished, err := some()
	if k != nil && err == nil && !wished {
		put(&k.wishless, w, true)
	}
	return !wished, err
}

// put keeps a map from growing without bound.
func put[K comparable, V any](m *map[K]V, key K, v V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	if len(*m) >= maxRows {
		clear(*m)
	}
	(*m)[key] = v
}
