package main

import (
	"fmt"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/beta"
)

// raw writes what Tryout writes for an add, with Tryout's statements and
// pragmas, on a bare connection. The texts are copies of those in
// internal/store, which a test compares; only the arguments stand in the order
// of their numbers, for binding by position.
type raw struct {
	conn *sqlite.Conn

	begin, testers, saveTest, mails, batch, commit *sqlite.Stmt
}

const (
	insertTesters = `
		insert into testers (test_id, number, email, email_key, state, associated_at,
			notified_at, feedback_at, mails, unsettled, blocked, language)
		select $1, cast(value ->> 0 as bigint), value ->> 1, value ->> 2, $2, $3,
			$4, 0, $5, $6, $7, $8
		from jsonb_each($9)
		where true
		on conflict (test_id, email_key) do nothing
		returning number`
	updateTest = `
		update tests
		set status = $1, feedback_email = $2, expires_at = $3, ended_at = $4,
			testers = $5, numbers = $6, queued = $7, language = $8
		where id = $9`
	insertMails = `
		insert into mails (test_id, tester, seq, kind, email, email_key, vendor_id, batch_id,
			request_id, priority, queued_at, due_at, state, claim, attempts, cuts, unknowns, settled_at)
		select $1, cast(value ->> 0 as bigint), cast(value ->> 1 as bigint), $2, value ->> 2, value ->> 3, $3, $4,
			$5, $6, $7, $8, 'queued', '', 0, 0, 0, 0
		from jsonb_each($9)`
	insertBatch = `
		insert into batches (id, test_id, skill_id, vendor_id, by_name, request_id, operation, at,
			entries, first_tester, last_tester)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
)

var pragmas = []string{"journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on", "cache_size=-2048"}

// openRaw opens the copy of the data that the raw side writes to.
func (b *bench) openRaw() (r *raw, err error) {
	if b.raw != nil {
		return b.raw, nil
	}
	r = &raw{}
	if r.conn, err = sqlite.OpenConn(filepath.Join(b.dir, "raw", "tryout.db"), sqlite.OpenReadWrite|sqlite.OpenWAL); err != nil {
		return nil, err
	}
	b.raw = r
	for _, p := range pragmas {
		if err := sqlitex.ExecuteTransient(r.conn, "pragma "+p, nil); err != nil {
			return nil, err
		}
	}
	return r, r.prepare()
}

func (r *raw) prepare() (err error) {
	for text, stmt := range map[string]**sqlite.Stmt{
		"begin immediate": &r.begin, insertTesters: &r.testers, updateTest: &r.saveTest,
		insertMails: &r.mails, insertBatch: &r.batch, "commit": &r.commit,
	} {
		if *stmt, err = r.conn.Prepare(text); err != nil {
			return fmt.Errorf("the raw side's copy of a statement: %w", err)
		}
	}
	return nil
}

// add writes one addition; begin and commit are the caller's.
func (r *raw) add(a addition) error {
	bind(r.testers, a.place.test, "INVITED", a.at, a.at, 1, 1, 0, "", a.testers)
	bind(r.saveTest, "RUNNING", "", a.at+life, 0, a.last, a.last, 0, "", a.place.test)
	bind(r.mails, a.place.test, "INVITATION", vendor, a.id, a.request, 1, a.at, a.at, a.mails)
	bind(r.batch, a.id, a.place.test, a.place.skill, vendor, "token 01234567", a.request, string(beta.OpAdd), a.at, a.entries, a.first, a.last)
	return step(r.testers, r.saveTest, r.mails, r.batch)
}

// life is how long a test runs, in milliseconds.
const life = 90 * 24 * 60 * 60 * 1000

func bind(stmt *sqlite.Stmt, args ...any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			stmt.BindText(i+1, v)
		case int64:
			stmt.BindInt64(i+1, v)
		case int:
			stmt.BindInt64(i+1, int64(v))
		}
	}
}

// step runs statements to their end, one after the other.
func step(list ...*sqlite.Stmt) error {
	for _, stmt := range list {
		for more := true; more; {
			var err error
			if more, err = stmt.Step(); err != nil {
				return err
			}
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return nil
}
