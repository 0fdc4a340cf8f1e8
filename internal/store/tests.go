package store

import (
	"context"
	"time"

	"tryout/internal/beta"
)

const testColumns = `
	t.id, t.skill_id, t.round, t.status, t.feedback_email, t.created_at,
	t.expires_at, t.ended_at, t.testers, t.numbers, t.queued, t.language`

// testFrom reads testColumns, beginning with column i.
func testFrom(r row, i int) beta.Test {
	return beta.Test{
		ID: beta.TestID(r.int(i)), Skill: beta.SkillID(r.text(i + 1)), Round: int(r.int(i + 2)),
		Stored: beta.Status(r.text(i + 3)), FeedbackEmail: r.text(i + 4), CreatedAt: at(r.int(i + 5)),
		ExpiresAt: at(r.int(i + 6)), EndedAt: at(r.int(i + 7)),
		Testers: int(r.int(i + 8)), Numbers: r.int(i + 9), Queued: r.int(i + 10),
		Language: beta.Language(r.text(i + 11)),
	}
}

func (t tx) SkillTest(id beta.SkillID) (beta.Skill, beta.Test, error) {
	both, err := t.store.memo.skillTest.ask(t.mark, id, func() (both tested, err error) {
		found, err := t.one(func(r row) { both = testedFrom(r) }, selectSkillTest, id)
		return both, orNoRow(found, err)
	})
	return both.skill, both.test, err
}

// Newest waits with what follows only where that may save a trip: not where
// there is a memo to ask.
func (t tx) Newest(id beta.SkillID, ahead bool, judge func(beta.Skill, beta.Test, error) error) error {
	if !ahead || t.mark != (beta.Mark{}) {
		return judge(t.SkillTest(id))
	}
	return t.later(func(r row) error {
		if r == nil {
			return judge(beta.Skill{}, beta.Test{}, beta.ErrNoRow)
		}
		both := testedFrom(r)
		return judge(both.skill, both.test, nil)
	}, selectSkillTest, id)
}

// selectSkillTest names its argument in an expression, as every join does (decision 0008).
const selectSkillTest = `
	select s.id, s.vendor_id, s.name, s.created_at, ` + testColumns + `
	from skills s left join tests t on t.id = s.newest_test
	where s.id = '' || $1`

func testedFrom(r row) tested { return tested{skillFrom(r), testFrom(r, 4)} }

// SkillTest implements [beta.Store].
func (s *Store) SkillTest(ctx context.Context, id beta.SkillID) (skill beta.Skill, test beta.Test, err error) {
	err = s.readOne(ctx, func(t tx) (err error) {
		skill, test, err = t.SkillTest(id)
		return err
	})
	return skill, test, err
}

func (t tx) LockTest(id beta.SkillID) (beta.Skill, beta.Test, error) { return t.LockTestOf("", id) }

// LockTestOf holds the skill's row: every round of it belongs to it. The test is
// read by a statement of its own, which begins when the lock is held: PostgreSQL
// would take a joined row as it was before it waited. Where being in a transaction
// is all the lock there is, one statement reads both.
func (t tx) LockTestOf(vendor beta.VendorID, id beta.SkillID) (s beta.Skill, test beta.Test, err error) {
	if t.lockRow == "" {
		both, err := t.known.newestTest(id, func() (both tested, err error) {
			both.skill, both.test, err = t.SkillTest(id)
			return both, err
		})
		if err == nil && vendor != "" && both.skill.Vendor != vendor {
			err = beta.ErrNoRow
		}
		return both.skill, both.test, err
	}
	err = t.later(func(r row) error {
		if r == nil {
			return beta.ErrNoRow
		}
		s = skillFrom(r)
		return nil
	}, `
		select id, vendor_id, name, created_at
		from skills
		where id = $1 and ($2 = '' or vendor_id = $2) `+t.lockRow, id, vendor)
	if err != nil {
		return s, test, err
	}
	_, err = t.one(func(r row) { test = testFrom(r, 0) }, `
		select `+testColumns+`
		from tests t
		where t.id = (select newest_test from skills where id = $1)`, id)
	return s, test, err
}

func (t tx) Test(id beta.TestID) (beta.Test, bool, error) {
	known, err := t.store.memo.tests.ask(t.mark, id, func() (f found[beta.Test], err error) {
		f.there, err = t.one(func(r row) { f.row = testFrom(r, 0) },
			"select "+testColumns+" from tests t where t.id = $1", id)
		return f, err
	})
	return known.row, known.there, err
}

func (t tx) TestOfRound(id beta.SkillID, round int) (test beta.Test, found bool, err error) {
	found, err = t.one(func(r row) { test = testFrom(r, 0) },
		"select "+testColumns+" from tests t where t.skill_id = $1 and t.round = $2", id, round)
	return test, found, err
}

func (t tx) CreateTest(test beta.Test) error {
	err := t.later(nil, `
		insert into tests (id, skill_id, round, status, feedback_email, created_at,
			expires_at, ended_at, testers, numbers, queued, language)
		values ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, $7)`,
		test.ID, test.Skill, test.Round, test.Stored, test.FeedbackEmail, ms(test.CreatedAt), test.Language)
	if err != nil {
		return err
	}
	return t.later(nil, "update skills set newest_test = $1 where id = $2", test.ID, test.Skill)
}

const saveTest = `
		update tests
		set status = $2, feedback_email = $3, expires_at = $4, ended_at = $5,
			testers = $6, numbers = $7, queued = $8, language = $9
		where id = $1`

func (t tx) SaveTest(test beta.Test) error {
	err := t.later(nil, saveTest,
		test.ID, test.Stored, test.FeedbackEmail, ms(test.ExpiresAt), ms(test.EndedAt),
		test.Testers, test.Numbers, test.Queued, test.Language)
	if err == nil {
		t.known.saved(test)
	}
	return err
}

func (t tx) DueTests(now time.Time, limit int) (due []beta.Test, err error) {
	add := func(r row) error {
		due = append(due, testFrom(r, 0))
		return nil
	}
	err = t.query(add, `
		select `+testColumns+`
		from tests t
		where t.status in ('STARTING', 'STOPPING')
		order by t.id
		limit $1 + 0`, limit)
	if err != nil || len(due) >= limit {
		return due, err
	}
	err = t.query(add, `
		select `+testColumns+`
		from tests t
		where t.status = 'RUNNING' and t.expires_at <= $1 + 0
		order by t.expires_at
		limit $2 + 0`, ms(now), limit-len(due))
	return due, err
}
