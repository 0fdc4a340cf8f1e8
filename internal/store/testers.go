package store

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"tryout/internal/beta"
)

const testerColumns = `
	test_id, number, email, email_key, state, associated_at, notified_at,
	feedback_at, mails, unsettled, blocked, language`

func testerFrom(r row) beta.Tester {
	return beta.Tester{
		Test: beta.TestID(r.int(0)), Number: r.int(1),
		Email: beta.Email{Given: r.text(2), Key: r.text(3)}, State: beta.TesterState(r.text(4)),
		AssociatedAt: at(r.int(5)), NotifiedAt: at(r.int(6)), FeedbackAt: at(r.int(7)),
		Mails: int(r.int(8)), Unsettled: beta.MailKinds(r.int(9)), Blocked: blocks[r.int(10)],
		Language: beta.Language(r.text(11)),
	}
}

func (t tx) Tester(test beta.TestID, key string) (beta.Tester, bool, error) {
	known, err := t.store.memo.testers.ask(t.mark, testerKey{test, key}, func() (f found[beta.Tester], err error) {
		f.there, err = t.one(func(r row) { f.row = testerFrom(r) },
			"select "+testerColumns+" from testers where test_id = $1 and email_key = $2 "+t.hold, test, key)
		return f, err
	})
	return known.row, known.there, err
}

// NewestTester asks the memo, where there is one, for what is mostly in it.
func (t tx) NewestTester(id beta.SkillID, key string) (tester beta.Tester, found bool, err error) {
	if t.mark != (beta.Mark{}) {
		_, test, err := t.SkillTest(id)
		if err != nil {
			return tester, false, err
		}
		return t.Tester(test.ID, key)
	}
	found, err = t.one(func(r row) { tester = testerFrom(r) }, `
		select `+testerColumns+`
		from testers
		where test_id = (select newest_test from skills where id = $1) and email_key = $2`, id, key)
	return tester, found, err
}

func (t tx) TesterByNumber(test beta.TestID, number int64) (tester beta.Tester, found bool, err error) {
	found, err = t.one(func(r row) { tester = testerFrom(r) },
		"select "+testerColumns+" from testers where test_id = $1 and number = $2 "+t.hold, test, number)
	return tester, found, err
}

func (t tx) Testers(test beta.TestID, after string, limit int, yield func(beta.Tester) error) (next string, err error) {
	rows, last := 0, ""
	err = t.query(func(r row) error {
		switch rows++; rows {
		case limit + 1: // there is more
			next = last
			return nil
		case limit:
			last = r.text(1)
		}
		return yield(lineFrom(r, test))
	}, `
		select email, email_key, state, associated_at, notified_at, unsettled, blocked
		from testers
		where test_id = $1 + 0 and email_key > '' || $2
		order by email_key
		limit $3 + 1`, test, after, limit)
	return next, err
}

// lineFrom reads what a list shows: as little as it can, since lists are long.
func lineFrom(r row, test beta.TestID) beta.Tester {
	return beta.Tester{
		Test: test, Email: beta.Email{Given: r.text(0)}, State: beta.TesterState(r.word(2, states)),
		AssociatedAt: at(r.int(3)), NotifiedAt: at(r.int(4)),
		Unsettled: beta.MailKinds(r.int(5)), Blocked: blocks[r.int(6)],
	}
}

// blocks are the reasons of a tester's being blocked, by how they are stored.
var blocks = [...]beta.Reason{"", beta.BecauseUndeliverable, beta.BecauseUnsubscribed, beta.BecauseComplained}

func blockOf(reason beta.Reason) int64 { return int64(slices.Index(blocks[:], reason)) }

var states = []string{string(beta.Invited), string(beta.Accepted), string(beta.Declined), string(beta.Left)}

func (t tx) TestersAfter(test beta.TestID, number int64, limit int) ([]beta.Tester, error) {
	return t.testers(`
		select `+testerColumns+`
		from testers
		where test_id = $1 + 0 and number > $2 + 0
		order by number
		limit $3 + 0 `+t.hold, test, number, limit)
}

func (t tx) FindTesters(test beta.TestID, keys []string) ([]beta.Tester, error) {
	return t.testers(`
		select `+testerColumns+`
		from testers
		where test_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out+` `+t.hold,
		test, rows(keys, array.text))
}

func (t tx) testers(sql string, args ...any) (list []beta.Tester, err error) {
	err = t.query(func(r row) error {
		list = append(list, testerFrom(r))
		return nil
	}, sql, args...)
	return list, err
}

// newcomer is what testers added together mostly have in common: all but the
// number and the address. SQLite spends most of an add on taking values out of
// JSON, so only what differs is in it.
type newcomer struct {
	state                    beta.TesterState
	associatedAt, notifiedAt int64
	mails                    int
	unsettled                beta.MailKinds
	blocked                  beta.Reason
	language                 beta.Language
}

func (t tx) AddTesters(test beta.TestID, testers []beta.Tester) (numbers []int64, err error) {
	if byLanguage := func(a, b beta.Tester) int { return cmp.Compare(a.Language, b.Language) }; !slices.IsSortedFunc(testers, byLanguage) {
		testers = slices.SortedStableFunc(slices.Values(testers), byLanguage) // so that languages in turn are few stretches
	}
	for common, group := range alike(testers, func(t *beta.Tester) newcomer {
		return newcomer{t.State, ms(t.AssociatedAt), ms(t.NotifiedAt), t.Mails, t.Unsettled, t.Blocked, t.Language}
	}) {
		added, err := t.addAlike(test, common, group)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, added...)
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (t tx) addAlike(test beta.TestID, common newcomer, testers []beta.Tester) (numbers []int64, err error) {
	err = t.query(func(r row) error {
		numbers = append(numbers, r.int(0))
		return nil
	}, `
		insert into testers (test_id, number, email, email_key, state, associated_at,
			notified_at, feedback_at, mails, unsettled, blocked, language)
		select $1, cast(value ->> 0 as bigint), value ->> 1, value ->> 2, $3, $4,
			$5, 0, $6, $7, $8, $9
		from `+t.each+`
		where true
		on conflict (test_id, email_key) do nothing
		returning number`,
		test, rows(testers, func(a array, t beta.Tester) array {
			return a.int(t.Number).text(t.Email.Given).text(t.Email.Key)
		}),
		common.state, common.associatedAt, common.notifiedAt, common.mails, common.unsettled, blockOf(common.blocked), common.language)
	return numbers, err
}

// alike cuts a list into stretches whose members have something in common.
// Where the members differ one by one that means many statements; those of one
// call seldom do.
func alike[T any, K comparable](list []T, common func(*T) K) iter.Seq2[K, []T] {
	return func(yield func(K, []T) bool) {
		for len(list) > 0 {
			k, n := common(&list[0]), 1
			for n < len(list) && common(&list[n]) == k {
				n++
			}
			if !yield(k, list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// SaveTesters is an upsert of rows that are all there: an update joined with
// the new values would have SQLite walk the whole test for each of them.
func (t tx) SaveTesters(test beta.TestID, testers []beta.Tester) error {
	return t.later(nil, `
		insert into testers (test_id, number, email, email_key, associated_at,
			state, notified_at, feedback_at, mails, unsettled, blocked)
		select $1, cast(value ->> 0 as bigint), value ->> 1, value ->> 2, cast(value ->> 3 as bigint),
			value ->> 4, cast(value ->> 5 as bigint), cast(value ->> 6 as bigint),
			cast(value ->> 7 as bigint), cast(value ->> 8 as bigint), cast(value ->> 9 as bigint)
		from `+t.each+`
		where true
		on conflict (test_id, email_key) do update
		set state = excluded.state, notified_at = excluded.notified_at, feedback_at = excluded.feedback_at,
			mails = excluded.mails, unsettled = excluded.unsettled, blocked = excluded.blocked`,
		test, rows(testers, func(a array, t beta.Tester) array {
			a = a.int(t.Number).text(t.Email.Given).text(t.Email.Key).int(ms(t.AssociatedAt)).text(string(t.State))
			a = a.int(ms(t.NotifiedAt)).int(ms(t.FeedbackAt)).int(int64(t.Mails)).int(int64(t.Unsettled))
			return a.int(blockOf(t.Blocked))
		}))
}

func (t tx) RemoveTesters(test beta.TestID, testers []beta.Tester, now time.Time) error {
	gone := rows(testers, key)
	err := t.later(nil, `
		insert into former_testers (test_id, number, email_key, email, associated_at, removed_at, language)
		select test_id, number, email_key, email, associated_at, $3, language
		from testers
		where test_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out,
		test, gone, ms(now))
	if err != nil {
		return err
	}
	return t.later(nil, `
		delete from testers
		where test_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out,
		test, gone)
}

// key is the column by which statements name testers.
func key(a array, t beta.Tester) array { return a.text(t.Email.Key) }

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
