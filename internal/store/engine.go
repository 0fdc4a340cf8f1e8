package store

import (
	"context"
	"time"

	"tryout/internal/beta"
)

// engine is the little that the rest of this package needs of a database.
type engine interface {
	// view runs fn on one snapshot.
	view(ctx context.Context, fn func(conn) error) error
	// single is view for an fn that runs one statement at most.
	single(ctx context.Context, fn func(conn) error) error
	// survey is view for as long as it takes.
	survey(ctx context.Context, fn func(conn) error) error
	// mark names the state that the database is in now; zero when that cannot be told.
	mark() beta.Mark
	// glance begins to read the state that mark names; end must follow. It costs
	// less than view.
	glance(ctx context.Context, mark beta.Mark) *glance
	// update runs fn in a transaction that is durable once update returns nil.
	update(ctx context.Context, fn func(conn) error) error
	// upgrade is update for as long as it takes.
	upgrade(ctx context.Context, fn func(conn) error) error
	// look finds out which of several servers is the primary now, and passes on
	// what its clock shows, unless that is ours.
	look(ctx context.Context, clock func(time.Time)) error
	dialect() dialect
	// fault returns why nothing more can be made durable; nil when all is well.
	fault() error
	close() error
}

// conn runs statements inside one transaction. Arguments $1, $2 ... are bound
// by name, so a statement may repeat them; they are strings, integers, bools or
// bytes.
type conn interface {
	// exec runs a statement and returns how many rows it changed.
	exec(sql string, args ...any) (changed int64, err error)
	// query passes each row of the answer to fn; the row is valid only during the call.
	query(fn func(row) error, sql string, args ...any) error
	// later is query for who can wait, and for a row at most: fn, which may be
	// nil, gets nil where there is none. The statement is run before any that is
	// asked after it, but fn may be called, and the caller learn that it or the
	// statement failed, as late as with the next exec or query, before that
	// passes a row on, or at the end of the transaction, which fails then.
	later(fn func(row) error, sql string, args ...any) error
	// last announces the last statement of a view, with which that may end.
	last()
}

// atOnce is later where a statement costs no trip.
func atOnce(c conn, fn func(row) error, sql string, args []any) error {
	if fn == nil {
		return c.query(nil, sql, args...)
	}
	some := false
	err := c.query(func(r row) error { some = true; return fn(r) }, sql, args...)
	if err == nil && !some {
		err = fn(nil)
	}
	return err
}

// row is one row of an answer. A NULL reads as zero or empty.
type row interface {
	int(column int) int64
	text(column int) string
	blob(column int) []byte
	word(column int, known []string) string // a short text, one of known without making a string of it
}

// dialect is where the two databases differ in what a statement says.
type dialect struct {
	name       string // the ending of migrations that one text cannot serve
	each       string // from-item that turns $2, a JSON array of arrays, into rows of "value"
	in, out    string // around a select of few rows: what is before is one of them
	wanted     string // from-item with the numbers in $2, a JSON array of arrays of one
	isWanted   string // what is before is one of those numbers, to be looked up one by one
	lockRow    string // at the end of a select: hold the rows until the transaction ends
	skip       string // the same, passing over rows that others hold
	lockTable  string // before a table's name: wait for those who share it, and have the next wait; empty when being in a transaction does
	share      string // at the end of a select: share the table until the transaction ends
	lockSchema string // statement that holds the schema against other upgrades; empty when being in a transaction does
}

// ms is how a time is stored; zero is never.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the time that ms stored.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
