package store

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// link is a connection to the file, with the statements that it has prepared.
type link struct {
	*sqlite.Conn
	statements map[string]*statement
	writes     tables // those that what is just being prepared writes
}

// statement is prepared once for a connection.
type statement struct {
	*sqlite.Stmt
	order  []int  // which argument each place of the text names, from 0
	writes tables // what it writes, on a connection that tells
}

func newLink(c *sqlite.Conn) *link { return &link{Conn: c, statements: map[string]*statement{}} }

func (l *link) prepared(sql string) (*statement, error) {
	if s := l.statements[sql]; s != nil {
		return s, nil
	}
	l.writes = 0
	stmt, err := l.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	order, err := orderOf(stmt)
	if err != nil {
		return nil, err
	}
	s := &statement{stmt, order, l.writes}
	l.statements[sql] = s
	return s, nil
}

// orderOf returns which argument stands in which place. SQLite counts places in
// the order in which the names first appear in the text, whatever their numbers.
func orderOf(stmt *sqlite.Stmt) ([]int, error) {
	order := make([]int, stmt.BindParamCount())
	for i := range order {
		name := stmt.BindParamName(i + 1)
		n, err := strconv.Atoi(strings.TrimPrefix(name, "$"))
		if err != nil || n < 1 || n > len(order) {
			return nil, fmt.Errorf("bind: there is no argument %q", name)
		}
		order[i] = n - 1
	}
	return order, nil
}

// run passes each row to fn, which may be nil. It asks may after the first step:
// its error is the answer then, and no row is passed on.
func (s *statement) run(may func() error, fn func(row) error, args []any) (err error) {
	if err := s.bind(args); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Reset()) }()
	more, err := s.Step()
	if err == nil {
		if err := may(); err != nil {
			return err
		}
	}
	for ; more && err == nil; more, err = s.Step() {
		if fn == nil {
			continue
		}
		if err := fn(sqliteRow{s.Stmt}); err != nil {
			return err
		}
	}
	return unavailable(err)
}

func (s *statement) bind(args []any) error {
	if len(args) != len(s.order) {
		return fmt.Errorf("bind: %d arguments for the %d that the statement names", len(args), len(s.order))
	}
	for i, n := range s.order {
		s.bindAt(i+1, args[n])
	}
	return nil
}

func (s *statement) bindAt(place int, arg any) {
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.String:
		s.BindText(place, v.String())
	case reflect.Int, reflect.Int64:
		s.BindInt64(place, v.Int())
	case reflect.Bool:
		s.BindBool(place, v.Bool())
	case reflect.Slice:
		s.BindBytes(place, v.Bytes())
	default:
		panic(fmt.Sprintf("store: an argument has type %T", arg))
	}
}

// sqliteConn runs statements on one connection.
type sqliteConn struct{ *link }

func (q sqliteConn) exec(sql string, args ...any) (int64, error) {
	err := q.query(nil, sql, args...)
	return int64(q.Changes()), err
}

func (q sqliteConn) query(fn func(row) error, sql string, args ...any) error {
	return q.queryIf(always, fn, sql, args...)
}

func always() error { return nil }

// queryIf is query under the condition of [statement.run].
func (q sqliteConn) queryIf(may func() error, fn func(row) error, sql string, args ...any) error {
	s, err := q.prepared(sql)
	if err != nil {
		return err
	}
	return s.run(may, fn, args)
}

func (q sqliteConn) later(fn func(row) error, sql string, args ...any) error {
	return atOnce(q, fn, sql, args)
}

func (sqliteConn) last() {}

type sqliteRow struct{ stmt *sqlite.Stmt }

func (r sqliteRow) int(column int) int64   { return r.stmt.ColumnInt64(column) }
func (r sqliteRow) text(column int) string { return r.stmt.ColumnText(column) }
func (r sqliteRow) blob(column int) []byte {
	b := make([]byte, r.stmt.ColumnLen(column))
	r.stmt.ColumnBytes(column, b)
	return b
}

func (r sqliteRow) word(column int, known []string) string {
	var room [16]byte
	text := room[:r.stmt.ColumnBytes(column, room[:])]
	for _, w := range known {
		if string(text) == w {
			return w
		}
	}
	return r.text(column)
}
