package store

import (
	"cmp"
	"slices"
	"time"

	"tryout/internal/beta"
)

func (t tx) RememberStrangers(test beta.TestID, strangers []beta.Tester, now time.Time) (map[string]int64, error) {
	known, err := t.formerNumbers(test, strangers)
	if err != nil {
		return nil, err
	}
	var fresh []beta.Tester
	for _, s := range strangers {
		if _, ok := known[s.Email.Key]; !ok {
			known[s.Email.Key] = s.Number
			fresh = append(fresh, s)
		}
	}
	_, err = t.exec(`
		insert into former_testers (test_id, number, email_key, email, associated_at, removed_at)
		select $1, cast(value ->> 0 as bigint), value ->> 1, value ->> 2, 0, $3
		from `+t.each,
		test, rows(fresh, func(a array, s beta.Tester) array {
			return a.int(s.Number).text(s.Email.Key).text(s.Email.Given)
		}), ms(now))
	return known, err
}

// formerNumbers returns the newest number of each address that the history knows.
func (t tx) formerNumbers(test beta.TestID, strangers []beta.Tester) (map[string]int64, error) {
	known := make(map[string]int64)
	err := t.query(func(r row) error {
		known[r.text(0)] = r.int(1)
		return nil
	}, `
		select email_key, max(number)
		from former_testers
		where test_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out+`
		group by email_key`,
		test, rows(strangers, key))
	return known, err
}

func (t tx) Addresses(test beta.TestID, numbers []int64) (map[int64]beta.Email, error) {
	found := make(map[int64]beta.Email, len(numbers))
	wanted := rows(numbers, array.int)
	for _, table := range []string{"testers", "former_testers"} {
		err := t.query(func(r row) error {
			found[r.int(0)] = beta.Email{Given: r.text(1), Key: r.text(2)}
			return nil
		}, `
			select t.number, t.email, t.email_key
			from `+t.wanted+`
			cross join `+table+` as t
			where t.test_id = $1 and t.number `+t.isWanted,
			test, wanted)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t tx) Former(test beta.TestID, key string) (list []beta.FormerTester, err error) {
	err = t.query(func(r row) error {
		list = append(list, beta.FormerTester{
			Number: r.int(0), Email: beta.Email{Given: r.text(1), Key: key},
			AssociatedAt: at(r.int(2)), RemovedAt: at(r.int(3)), Language: beta.Language(r.text(4)),
		})
		return nil
	}, `
		select number, email, associated_at, removed_at, language
		from former_testers
		where test_id = $1 and number `+t.in+`
			select number
			from former_testers
			where test_id = $1 and email_key = $2`+t.out, test, key) // in two steps, or SQLite would walk the test's whole history
	slices.SortFunc(list, func(a, b beta.FormerTester) int { return cmp.Compare(b.Number, a.Number) })
	return list, err
}

func (t tx) Suppress(test beta.TestID, key string, reason beta.Reason, now time.Time) error {
	if reason == "" {
		_, err := t.exec("delete from suppressions where test_id = $1 and email_key = $2", test, key)
		return err
	}
	_, err := t.exec(`
		insert into suppressions (test_id, email_key, reason, created_at)
		values ($1, $2, $3, $4)
		on conflict (test_id, email_key) do update set reason = excluded.reason, created_at = excluded.created_at`,
		test, key, reason, ms(now))
	return err
}
