package store

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// prepared is a statement known to a connection, with how its arguments and its
// answer travel.
type prepared struct {
	*pgconn.StatementDescription
	formats []int16
	answers []int16
}

// lists reports whether a statement looks up a list of keys. Which plan that
// needs depends on the test: to walk a test is cheaper while it is small, so a
// plan must not be kept for another. All other statements have one good plan.
func lists(sql string) bool { return strings.Contains(sql, "= any (") }

// planAnew has the statements after it in a transaction planned with their values.
const planAnew = "set local plan_cache_mode = force_custom_plan"

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
	for _, f := range p.Fields {
		p.answers = append(p.answers, formatOf(f.DataTypeOID))
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

// formatOf returns how a column is sent. A number as text is quicker made than
// in binary, where the server begins a message for each.
func formatOf(oid uint32) int16 {
	if oid == pgtype.ByteaOID {
		return pgtype.BinaryFormatCode
	}
	return pgtype.TextFormatCode
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

// int reads whole numbers, and what compares to true or false.
func (r *postgresRow) int(column int) (n int64) {
	digits := r.values[column]
	switch {
	case len(digits) == 0:
		return 0
	case digits[0] == 't':
		return 1
	case digits[0] == '-':
		for _, d := range digits[1:] {
			n = 10*n - int64(d-'0') // below zero there is one number more
		}
		return n
	}
	for _, d := range digits {
		if d < '0' || d > '9' { // false
			return 0
		}
		n = 10*n + int64(d-'0')
	}
	return n
}

func (r *postgresRow) text(column int) string { return string(r.values[column]) }
func (r *postgresRow) blob(column int) []byte { return append([]byte{}, r.values[column]...) }

func (r *postgresRow) word(column int, known []string) string {
	for _, w := range known {
		if string(r.values[column]) == w {
			return w
		}
	}
	return r.text(column)
}
