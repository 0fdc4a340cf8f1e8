package store

import (
	"encoding/json"
	"fmt"
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
		where test_id = $1 and email_key in (select value ->> 0 from `+t.each+`)
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
			from (select cast(value ->> 0 as bigint) as number from `+t.each+`) as wanted
			cross join `+table+` as t
			where t.test_id = $1 and t.number = wanted.number`, // crossed, so that SQLite looks each number up
			test, wanted)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
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

// Suppressed asks for the addresses only where a test has any suppression:
// nearly none has, and every add must know.
func (t tx) Suppressed(test beta.TestID, keys []string) (map[string]beta.Reason, error) {
	some, err := t.one(func(row) {}, `
		select email_key
		from suppressions
		where test_id = $1 + 0
		order by email_key
		limit 1`, test)
	if err != nil || !some {
		return nil, err
	}
	found := map[string]beta.Reason{}
	err = t.query(func(r row) error {
		found[r.text(0)] = beta.Reason(r.text(1))
		return nil
	}, `
		select email_key, reason
		from suppressions
		where test_id = $1 and email_key in (select value ->> 0 from `+t.each+`)`,
		test, rows(keys, array.text))
	return found, err
}

func (t tx) RecordBatch(b beta.Batch) error {
	_, err := t.exec(`
		insert into batches (id, test_id, skill_id, vendor_id, by_name, request_id, operation, at, entries)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		b.ID, b.Test, b.Skill, b.Vendor, b.By, b.RequestID, b.Operation, ms(b.At), rows(runsOf(b.Entries), func(a array, r run) array {
			return a.text(string(r.Result)).text(string(r.Reason)).int(r.First).int(r.Last)
		}))
	return err
}

func (t tx) Batch(id string) (b beta.Batch, found bool, err error) {
	var runs string
	found, err = t.one(func(r row) {
		b = beta.Batch{
			ID: r.text(0), Test: beta.TestID(r.int(1)), Skill: beta.SkillID(r.text(2)),
			Vendor: beta.VendorID(r.text(3)), By: r.text(4), RequestID: r.text(5),
			Operation: beta.Operation(r.text(6)), At: at(r.int(7)),
		}
		runs = r.text(8)
	}, `
		select id, test_id, skill_id, vendor_id, by_name, request_id, operation, at, entries
		from batches
		where id = $1`, id)
	if err == nil && found {
		b.Entries, err = entriesOf(runs)
	}
	return b, found, err
}

// run is a row of entries alike, for testers numbered one after the other: an
// add of 500 is a single run.
type run struct {
	Result      beta.Result
	Reason      beta.Reason
	First, Last int64
}

// UnmarshalJSON reads a run as RecordBatch writes it: [result, reason, first, last].
func (r *run) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&r.Result, &r.Reason, &r.First, &r.Last})
}

func runsOf(entries []beta.Entry) []run {
	runs := []run{}
	for _, e := range entries {
		if n := len(runs); n > 0 && runs[n-1] == (run{e.Result, e.Reason, runs[n-1].First, e.Tester - 1}) {
			runs[n-1].Last = e.Tester
			continue
		}
		runs = append(runs, run{e.Result, e.Reason, e.Tester, e.Tester})
	}
	return runs
}

func entriesOf(text string) (entries []beta.Entry, err error) {
	var runs []run
	if err := json.Unmarshal([]byte(text), &runs); err != nil {
		return nil, fmt.Errorf("batch entries: %w", err)
	}
	for _, r := range runs {
		for n := r.First; n <= r.Last; n++ {
			entries = append(entries, beta.Entry{Tester: n, Result: r.Result, Reason: r.Reason})
		}
	}
	return entries, nil
}
