package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// What Tryout asks SQLite for a page and for a tester: copies, as those of raw.
const (
	selectPage = `
		select email, email_key, state, associated_at, notified_at, unsettled, blocked
		from testers
		where test_id = $1 + 0 and email_key > '' || $2
		order by email_key
		limit $3 + 1`
	selectTester = `
		select test_id, number, email, email_key, state, associated_at, notified_at,
			feedback_at, mails, unsettled, blocked, language
		from testers where test_id = $1 and email_key = $2`
)

var readerPragmas = []string{"query_only=on", "cache_size=-640"}

// besides adds to a ratio what the statement takes without anything around it.
func (b *bench) besides(ctx context.Context, m measured, statement string, size int) (measured, error) {
	if b.rival != nil {
		return m, nil
	}
	alone, err := b.alone(ctx, statement, size)
	if err != nil {
		return m, fmt.Errorf("the statement alone: %w", err)
	}
	m.note += fmt.Sprintf("; the statement alone %.0f µs", micros(alone))
	return m, nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// alone is the processor time of reading size testers from anybody's on, by one
// connection such as Tryout reads with, that holds its snapshot.
func (b *bench) alone(ctx context.Context, statement string, size int) (time.Duration, error) {
	c, err := sqlite.OpenConn(filepath.Join(b.dir, "raw", "tryout.db"), sqlite.OpenReadOnly)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for _, p := range append(readerPragmas, "user_version") {
		if err := sqlitex.ExecuteTransient(c, "pragma "+p, nil); err != nil {
			return 0, err
		}
	}
	if err := sqlitex.ExecuteTransient(c, "begin", nil); err != nil {
		return 0, err
	}
	read, err := c.Prepare(statement)
	if err != nil {
		return 0, err
	}
	s, err := rate(ctx, itself, 1, b.round, func(int) error { return b.readFrom(read, size) })
	return s.cost, err
}

// readFrom runs a statement from an address chosen by lot, and takes every
// value of every row, as who lists must.
func (b *bench) readFrom(read *sqlite.Stmt, size int) error {
	from := person(rand.Uint64N(uint64(b.testers)))
	args := []any{b.data.large.test, from, size}
	bind(read, args[:read.BindParamCount()]...)
	for {
		more, err := read.Step()
		if err != nil || !more {
			return errors.Join(err, read.Reset())
		}
		for column := range read.ColumnCount() {
			if read.ColumnType(column) == sqlite.TypeText {
				read.ColumnText(column)
			} else {
				read.ColumnInt64(column)
			}
		}
	}
}
