package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresTx is a transaction on one connection. Statements are prepared once
// for each connection; their arguments have the types of their Go values, so
// that the server infers none.
type postgresTx struct {
	pool   *pgxpool.Pool
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

// prepared is a statement known to a connection, with the types of its arguments.
type prepared struct {
	*pgconn.StatementDescription
	formats []int16
}

var binaryOnly = []int16{pgtype.BinaryFormatCode}

// prepared returns the statement that a connection knows sql by.
func (t *postgresTx) prepared(sql string, args []any) (*prepared, error) {
	known := t.c.CustomData()
	if p, ok := known[sql].(*prepared); ok {
		return p, nil
	}
	p := &prepared{formats: make([]int16, len(args))}
	oids := make([]uint32, len(args))
	for i, arg := range args {
		oids[i], p.formats[i] = typeOf(arg)
	}
	var err error
	if p.StatementDescription, err = t.c.Prepare(t.ctx, "s"+strconv.Itoa(len(known)), sql, oids); err != nil {
		return nil, t.fail(fmt.Errorf("prepare: %w", err))
	}
	if len(p.ParamOIDs) != len(args) {
		return nil, fmt.Errorf("prepare: %d arguments for the %d that the statement names", len(args), len(p.ParamOIDs))
	}
	known[sql] = p
	return p, nil
}

// typeOf returns how an argument goes to the server: its type and format.
func typeOf(arg any) (oid uint32, format int16) {
	switch reflect.TypeOf(arg).Kind() {
	case reflect.String:
		return pgtype.TextOID, pgtype.TextFormatCode
	case reflect.Int, reflect.Int64:
		return pgtype.Int8OID, pgtype.BinaryFormatCode
	case reflect.Bool:
		return pgtype.BoolOID, pgtype.BinaryFormatCode
	case reflect.Slice:
		return pgtype.ByteaOID, pgtype.BinaryFormatCode
	}
	panic(fmt.Sprintf("store: an argument has type %T", arg))
}

func (p *prepared) values(args []any) [][]byte {
	list := make([][]byte, len(args))
	for i, arg := range args {
		switch v := reflect.ValueOf(arg); v.Kind() {
		case reflect.String:
			list[i] = []byte(v.String())
		case reflect.Int, reflect.Int64:
			list[i] = binary.BigEndian.AppendUint64(nil, uint64(v.Int()))
		case reflect.Bool:
			list[i] = []byte{byte(number(v.Bool()))}
		case reflect.Slice:
			list[i] = append([]byte{}, v.Bytes()...) // nil would be NULL
		}
	}
	return list
}

type postgresRow struct{ values [][]byte }

// int reads whole numbers of any size, and what compares to true or false.
func (r postgresRow) int(column int) int64 {
	switch v := r.values[column]; len(v) {
	case 0:
		return 0
	case 1:
		return int64(v[0])
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	default:
		return int64(binary.BigEndian.Uint64(v))
	}
}

func (r postgresRow) text(column int) string { return string(r.values[column]) }
func (r postgresRow) blob(column int) []byte { return append([]byte{}, r.values[column]...) }

func (r postgresRow) word(column int, known []string) string {
	for _, w := range known {
		if string(r.values[column]) == w {
			return w
		}
	}
	return r.text(column)
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

// code returns the server's code of an error; empty when the server said
// nothing: the connection was cut.
func code(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// isCut reports whether a connection came to its end, or should.
func isCut(err error) bool {
	c := code(err)
	return c == "" || strings.HasPrefix(c, "57P") || strings.HasPrefix(c, "08") || c == readOnly
}

const readOnly = "25006" // who was the primary is a standby now

// isStale reports whether a statement was prepared for a schema that has changed.
func isStale(err error) bool { return code(err) == "0A000" || code(err) == "26000" }

// isRefusal reports whether an error at commit says that nothing was stored.
func isRefusal(err error) bool {
	c := code(err)
	return strings.HasPrefix(c, "40") || strings.HasPrefix(c, "23")
}

// isVain reports whether what failed may go well when it is run again at once.
func (t *postgresTx) isVain() bool {
	c := code(t.failed)
	return t.failed != nil && t.ctx.Err() == nil && (c == "40001" || c == "40P01" || isCut(t.failed) || isStale(t.failed))
}

// unreachable marks the failures that pass: no primary, a lock held too long,
// no room on the disk.
func unreachable(err error) error {
	c := code(err)
	passes := isCut(err) || strings.HasPrefix(c, "53") || strings.HasPrefix(c, "57") || strings.HasPrefix(c, "40") || c == "55P03"
	if passes {
		return errors.Join(errAway, err)
	}
	return err
}
