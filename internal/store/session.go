package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tryout/internal/beta"
)

// postgresTx is a transaction on one connection. Statements are prepared once
// for each connection; their arguments have the types of their Go values, so
// that the server infers none.
type postgresTx struct {
	pool   *pgxpool.Pool
	seen   *timelines
	lent   *pgxpool.Conn
	c      *pgconn.PgConn
	ctx    context.Context
	stop   context.CancelFunc
	failed error // of the first statement that failed: the transaction is lost
	passed bool  // a row was passed on
}

// run runs a statement without arguments or answer.
func (t *postgresTx) run(sql string) error {
	return t.fail(t.c.Exec(t.ctx, sql).Close())
}

// fail notes the first error of a statement and returns it as callers see it.
func (t *postgresTx) fail(err error) error {
	if err == nil {
		return nil
	}
	if t.failed == nil {
		t.failed = err
	}
	return unreachable(err)
}

func (t *postgresTx) exec(sql string, args ...any) (int64, error) {
	return t.ask(nil, sql, args)
}

func (t *postgresTx) query(fn func(row) error, sql string, args ...any) error {
	_, err := t.ask(fn, sql, args)
	return err
}

// ask runs a statement and passes its rows to fn, which may be nil.
func (t *postgresTx) ask(fn func(row) error, sql string, args []any) (changed int64, err error) {
	if isSelect(sql) && slices.ContainsFunc(args, isNowhere) {
		return 0, nil
	}
	p, err := t.prepared(sql, args)
	if err != nil {
		return 0, err
	}
	rows := t.c.ExecStatement(t.ctx, p.StatementDescription, p.values(args), p.formats, binaryOnly)
	for rows.NextRow() && fn != nil {
		t.passed = true
		if err := fn(postgresRow{rows.Values()}); err != nil {
			rows.Close()
			return 0, err
		}
	}
	tag, err := rows.Close()
	return tag.RowsAffected(), t.fail(err)
}

func isSelect(sql string) bool { return strings.HasPrefix(strings.TrimSpace(sql), "select") }

// isNowhere reports whether an argument is text that PostgreSQL cannot store:
// no row has it, and asking for it would be an error.
func isNowhere(arg any) bool {
	v := reflect.ValueOf(arg)
	return v.Kind() == reflect.String && (strings.Contains(v.String(), "\x00") || !utf8.ValidString(v.String()))
}

// warned is where a connection notes that the server warned of something. At a
// commit that is that it did not wait for the standby that it should have
// waited for, and it calls the commit a success all the same.
const warned = "warned"

func noteWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warned] = true
	}
}

// isVain reports whether what failed may go well when it is run again at once.
func (t *postgresTx) isVain() bool {
	c := code(t.failed)
	return t.failed != nil && t.ctx.Err() == nil && (c == "40001" || c == "40P01" || isCut(t.failed) || isStale(t.failed))
}

// end gives the connection back, without its transaction.
func (t *postgresTx) end() {
	if t.c.TxStatus() != 'I' && !t.c.IsBusy() {
		t.run("rollback")
	}
	if t.failed != nil && isStale(t.failed) {
		t.c.Close(t.ctx)
	}
	t.lent.Release() // which closes one that is not in order
	if t.failed != nil && isCut(t.failed) {
		t.pool.Reset() // the others were cut as well, or lead to who was the primary
	}
	t.stop()
}

// commit makes what was done durable. Where nobody can say whether it is, that
// is an error of its own.
func (t *postgresTx) commit() (vain bool, err error) {
	if t.failed = t.seen.refuse(t.c); t.failed != nil { // nothing was stored: the server's successor can
		return true, unreachable(t.failed)
	}
	t.c.CustomData()[warned] = false
	results, err := t.c.Exec(t.ctx, "commit").ReadAll()
	switch {
	case err != nil && isRefusal(err):
		t.failed = err
		return t.isVain(), fmt.Errorf("commit: %w", unreachable(err))
	case err != nil:
		t.failed = err
		return false, fmt.Errorf("commit: %w", errors.Join(errUnknown, err))
	case results[0].CommandTag.String() != "COMMIT":
		return false, errEnded
	case t.c.CustomData()[warned] == true:
		return false, fmt.Errorf("commit: %w", errUnknown)
	}
	return false, nil
}

// errUnknown is the caller's side of a connection that was cut during commit.
var errUnknown = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "The database went away while it stored this; whether it did is not known.", Retry: 5 * time.Second,
}
