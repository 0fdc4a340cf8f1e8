package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tryout/internal/beta"
)

func (t tx) RecordBatch(b beta.Batch) error {
	first, last := b.Span()
	return t.later(nil, `
		insert into batches (id, test_id, skill_id, vendor_id, by_name, request_id, operation, at,
			entries, first_tester, last_tester)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		b.ID, b.Test, b.Skill, b.Vendor, b.By, b.RequestID, b.Operation, ms(b.At), rows(runsOf(b.Entries), func(a array, r run) array {
			return a.text(string(r.Result)).text(string(r.Reason)).int(r.First).int(r.Last)
		}), first, last)
}

const batchColumns = "id, test_id, skill_id, vendor_id, by_name, request_id, operation, at, entries"

func batchFrom(r row) (beta.Batch, error) {
	entries, err := entriesOf(r.text(8))
	return beta.Batch{
		ID: r.text(0), Test: beta.TestID(r.int(1)), Skill: beta.SkillID(r.text(2)),
		Vendor: beta.VendorID(r.text(3)), By: r.text(4), RequestID: r.text(5),
		Operation: beta.Operation(r.text(6)), At: at(r.int(7)), Entries: entries,
	}, err
}

func (t tx) Batch(id string) (b beta.Batch, found bool, err error) {
	err = t.query(func(r row) (err error) {
		found = true
		b, err = batchFrom(r)
		return err
	}, "select "+batchColumns+" from batches where id = $1", id)
	return b, found, err
}

// TesterBatches looks for batches of this tester alone and for those of several
// testers by an index each. Ids grow with time.
func (t tx) TesterBatches(test beta.TestID, number int64, limit int) (list []beta.Batch, err error) {
	for _, sql := range []string{`
		select ` + batchColumns + `
		from batches
		where test_id = $1 + 0 and first_tester = $2 + 0 and first_tester = last_tester
		order by id desc
		limit $3 + 0`, `
		select ` + batchColumns + `
		from batches
		where test_id = $1 + 0 and first_tester < last_tester and first_tester <= $2 + 0 and last_tester >= $2 + 0
		order by id desc
		limit $3 + 0`} {
		err := t.query(func(r row) error {
			b, err := batchFrom(r)
			if _, named := b.Entry(number); named {
				list = append(list, b)
			}
			return err
		}, sql, test, number, limit)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b beta.Batch) int { return strings.Compare(b.ID, a.ID) })
	return list[:min(limit, len(list))], nil
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
