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

// prepared is a statement known to a connection, with the types of its arguments.
type prepared struct {
	*pgconn.StatementDescription
	formats []int16
}

// lists reports whether a statement looks up a list of keys. Which plan that
// needs depends on the test: to walk a test is cheaper while it is small, so a
// plan must not be kept for another. All other statements have one good plan.
func lists(sql string) bool { return strings.Contains(sql, "= any (") }

// planAnew has the statements after it in a transaction planned with their values.
const planAnew = "set local plan_cache_mode = force_custom_plan"

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
