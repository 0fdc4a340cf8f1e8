package store

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresTx is a transaction on one connection, or a single statement without
// one. Each trip to the server costs both sides as much as a small statement
// does, so what can wait travels with what follows: the beginning, and what was
// said with later. Statements are prepared once for each connection; their
// arguments have the types of their Go values, so that the server infers none.
type postgresTx struct {
	pool   *pgxpool.Pool
	seen   *timelines
	lent   *pgxpool.Conn
	c      *pgconn.PgConn
	ctx    context.Context
	stop   context.CancelFunc
	begin  string        // how it begins; empty once that was sent, and for a single statement
	reads  bool          // it changes nothing
	single bool          // one statement is all that may come, or there is no transaction at all
	asked  bool          // there was one
	anew   bool          // plans are made anew
	batch  *pgconn.Batch // what travels next
	takers []taker       // of its answers
	failed error         // of the first statement that failed: the transaction is lost
	passed bool          // a row was passed on
}

// most bounds how much waits for a trip.
const most = 100

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

func (t *postgresTx) later(fn func(row) error, sql string, args ...any) error {
	to := taker{row: fn}
	if fn != nil {
		to.none = func() error { return fn(nil) }
	}
	if nowhere(sql, args) {
		return to.end(0)
	}
	if err := t.add(to, sql, args); err != nil || len(t.takers) < most {
		return err
	}
	_, err := t.travel()
	return err
}

// taker takes the rows of an answer.
type taker struct {
	row  func(row) error // nil for who wants none
	none func() error    // told when there was no row; nil for who need not be
}

// end is told how many rows there were.
func (to taker) end(rows int) error {
	if rows > 0 || to.none == nil {
		return nil
	}
	return to.none()
}

// last has a snapshot end with the next statement.
func (t *postgresTx) last() { t.single, t.asked = t.reads, false }

// ask runs a statement, after those that wait, and passes its rows to fn, which
// may be nil.
func (t *postgresTx) ask(fn func(row) error, sql string, args []any) (changed int64, err error) {
	if nowhere(sql, args) && len(t.takers) == 0 {
		return 0, nil
	}
	if nowhere(sql, args) { // whoever waits is heard all the same
		_, err := t.travel()
		return 0, err
	}
	if err := t.add(taker{row: fn}, sql, args); err != nil {
		return 0, err
	}
	if t.single && t.reads {
		if err := t.board(taker{}, "rollback", nil); err != nil {
			return 0, err
		}
	}
	return t.travel()
}

// add puts a statement behind those that wait.
func (t *postgresTx) add(to taker, sql string, args []any) error {
	if t.single && t.asked {
		return errSecond
	}
	t.asked = true
	if t.begin != "" {
		if err := t.board(taker{}, t.begin, nil); err != nil {
			return err
		}
		t.begin = ""
	}
	if lists(sql) && !t.anew {
		if err := t.board(taker{}, planAnew, nil); err != nil {
			return err
		}
		t.anew = true
	}
	return t.board(to, sql, args)
}

var errSecond = errors.New("a second statement where one was announced")

// board has a statement travel next.
func (t *postgresTx) board(to taker, sql string, args []any) error {
	p, err := t.prepared(sql, args)
	if err != nil {
		return err
	}
	t.place(to).ExecStatement(p.StatementDescription, p.values(args), p.formats, p.answers)
	return nil
}

// place returns what travels next, with a place for one more answer.
func (t *postgresTx) place(to taker) *pgconn.Batch {
	if t.batch == nil {
		t.batch = &pgconn.Batch{}
	}
	t.takers = append(t.takers, to)
	return t.batch
}

// travel makes a trip, and returns how many rows the last statement changed.
func (t *postgresTx) travel() (changed int64, err error) {
	tag, _, err := t.trip()
	return tag.RowsAffected(), err
}

// trip sends what waits and hands out the answers; left is how many statements,
// the last ones, were not answered.
func (t *postgresTx) trip() (last pgconn.CommandTag, left int, err error) {
	results, takers := t.c.ExecBatch(t.ctx, t.batch), t.takers
	t.batch, t.takers = nil, nil
	for left = len(takers); results.NextResult(); left-- {
		var objects error
		if last, objects, err = t.pass(results.ResultReader(), takers[len(takers)-left]); objects != nil {
			results.Close()
			return last, left, objects
		}
		if err != nil {
			break
		}
	}
	if end := results.Close(); end != nil {
		err = end
	}
	return last, left, t.fail(err)
}

// pass passes an answer on, to its end unless who takes it objects.
func (t *postgresTx) pass(rows *pgconn.ResultReader, to taker) (tag pgconn.CommandTag, objects, err error) {
	n, r := 0, &postgresRow{} // one for all: each in an interface would be an allocation
	for ; to.row != nil && rows.NextRow(); n++ {
		t.passed, r.values = true, rows.Values()
		if err := to.row(r); err != nil {
			return tag, err, nil
		}
	}
	if tag, err = rows.Close(); err != nil {
		return tag, nil, err
	}
	return tag, to.end(n), nil
}

// nowhere reports whether a statement asks for text that PostgreSQL cannot
// store: no row has it, and asking for it would be an error.
func nowhere(sql string, args []any) bool {
	return strings.HasPrefix(strings.TrimSpace(sql), "select") && slices.ContainsFunc(args, isNowhere)
}

func isNowhere(arg any) bool {
	v := reflect.ValueOf(arg)
	return v.Kind() == reflect.String && (strings.Contains(v.String(), "\x00") || !utf8.ValidString(v.String()))
}
