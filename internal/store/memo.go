package store

import (
	"sync"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// memo is what point reads answered in one state of the database, good for as
// long as the database is in that state, or comes to another by a commit of ours
// that wrote nothing that was read. Nothing in it can be stale, for it is asked
// with the mark that the database has now: whoever changed anything, mark and
// answer part.
type memo struct {
	tokens    table[lwa.Digest, found[lwa.Token]]
	believed  table[lwa.Digest, found[lwa.Token]] // as they were read last from PostgreSQL: read again before it counts
	skills    table[beta.SkillID, owned]
	skillTest table[beta.SkillID, tested]
	tests     table[beta.TestID, found[beta.Test]]
	testers   table[testerKey, found[beta.Tester]]
}

func newMemo() *memo {
	m := &memo{}
	m.tokens.from = tokensTable | grantsTable | clientsTable | rolesTable
	m.skills.from = skillsTable | vendorsTable
	m.skillTest.from = skillsTable | testsTable
	m.tests.from = testsTable
	m.testers.from = testersTable
	return m
}

// keep has answers of the state from be those of the state to, which differs from it
// by what was written.
func (m *memo) keep(from, to beta.Mark, written tables) {
	m.tokens.stay(from, to, written)
	m.skills.stay(from, to, written)
	m.skillTest.stay(from, to, written)
	m.tests.stay(from, to, written)
	m.testers.stay(from, to, written)
}

// maxRows bounds each table; a full one begins anew.
const maxRows = 2048

type (
	testerKey struct {
		test beta.TestID
		key  string
	}
	owned struct {
		skill  beta.Skill
		vendor beta.Vendor
	}
	tested struct {
		skill beta.Skill
		test  beta.Test
	}
	found[T any] struct {
		row   T
		there bool
	}
)

// table is the answers to one question.
type table[K comparable, V any] struct {
	from tables // that they are read from

	mu   sync.RWMutex
	mark beta.Mark
	rows map[K]V
}

func (t *table[K, V]) stay(from, to beta.Mark, written tables) {
	if written&t.from != 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mark == from {
		t.mark = to
	}
}

// ask returns what the answer was in the state that mark names, asking read if
// that is not known. A zero mark knows nothing.
func (t *table[K, V]) ask(mark beta.Mark, key K, read func() (V, error)) (V, error) {
	if mark == (beta.Mark{}) {
		return read()
	}
	if v, ok := t.row(mark, key); ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		t.keep(mark, key, v)
	}
	return v, err
}

// row returns what the answer was in the state that mark names. Under a zero mark
// only what is believed is kept.
func (t *table[K, V]) row(mark beta.Mark, key K) (v V, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.mark == mark {
		v, ok = t.rows[key]
	}
	return v, ok
}

func (t *table[K, V]) keep(mark beta.Mark, key K, v V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = make(map[K]V)
	}
	if t.mark != mark || len(t.rows) >= maxRows {
		clear(t.rows)
		t.mark = mark
	}
	t.rows[key] = v
}
