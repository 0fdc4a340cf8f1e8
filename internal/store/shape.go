package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
)

// shape is a table as the database itself describes it, so that none is
// forgotten that a migration made.
type shape struct {
	name    string
	columns []column // ordered by name: their places may differ from one database to the other
	key     []string // the columns of the primary key, in its order
}

type column struct {
	name, kind string
	null       bool // may be
}

const (
	kindWhole  = "whole number"
	kindText   = "text"
	kindOctets = "octets"
)

// list names the columns as they come.
func (s shape) list() string {
	var names []string
	for _, c := range s.columns {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// nulls are columns after those: whether those that may be NULL are.
func (s shape) nulls() (list string) {
	for _, c := range s.columns {
		if c.null {
			list += ", case when " + c.name + " is null then 1 else 0 end"
		}
	}
	return list
}

// rows passes every row to fn, ordered by the primary key, whose texts compare
// by octet on both. Values are int64, string, []byte or, for NULL, nil.
func (s shape) rows(c conn, fn func(values []any) error) error {
	values := make([]any, len(s.columns))
	return c.query(func(r row) error {
		nulls := len(s.columns)
		for i, col := range s.columns {
			if col.null {
				nulls++
			}
			switch {
			case col.null && r.int(nulls-1) == 1:
				values[i] = nil
			case col.kind == kindWhole:
				values[i] = r.int(i)
			case col.kind == kindText:
				values[i] = r.text(i)
			case col.kind == kindOctets:
				values[i] = r.blob(i)
			}
		}
		return fn(values)
	}, "select "+s.list()+s.nulls()+" from "+s.name+" order by "+strings.Join(s.key, ", "))
}

// insert is the statement that takes rows, as [rows] writes them, from $1.
func (s shape) insert(d dialect) string {
	var values []string
	for i, c := range s.columns {
		value := fmt.Sprintf("value ->> %d", i)
		switch c.kind {
		case kindWhole:
			value = "cast(" + value + " as bigint)"
		case kindOctets:
			value = catalogs[d.name].bytes(value)
		}
		values = append(values, value)
	}
	return "insert into " + s.name + " (" + s.list() + ") select " + strings.Join(values, ", ") +
		" from " + strings.Replace(d.each, "$2", "$1", 1)
}

// columns appends a row's values to what [rows] writes.
func columns(a array, values []any) array {
	for _, v := range values {
		switch v := v.(type) {
		case int64:
			a = a.int(v)
		case string:
			a = a.text(v)
		case nil:
			a = append(a.next(), "null"...)
		case []byte:
			a = a.text(hex.EncodeToString(v))
		}
	}
	return a
}

// survey is view for as long as it takes.
func (e *sqliteEngine) survey(ctx context.Context, fn func(conn) error) error {
	return e.view(ctx, fn)
}
