package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
)

var CheckVersion = checkVersion

// WriterPragma runs a pragma on the connection that writes and returns its answer.
func (s *Store) WriterPragma(t testing.TB, pragma string) string {
	t.Helper()
	return answer(t, s.engine.update, "pragma "+pragma)
}

// ReaderPragma is WriterPragma on one of those that read.
func (s *Store) ReaderPragma(t testing.TB, pragma string) string {
	t.Helper()
	return answer(t, s.engine.view, "pragma "+pragma)
}

// WriteInView tries to write where only reading is meant to be possible.
func (s *Store) WriteInView(t testing.TB) error {
	return s.engine.view(t.Context(), func(c conn) error {
		_, err := c.exec("update vendors set name = 'changed'")
		return err
	})
}

// Applied lists the migrations and when each was applied.
func (s *Store) Applied(t testing.TB) string {
	t.Helper()
	return answer(t, s.engine.view, "select group_concat(name || ' ' || applied_at, ', ' order by name) from migrations")
}

// RenameKey gives a sealed key another name, as somebody who can write to the
// database might.
func (s *Store) RenameKey(t testing.TB, from, to string) {
	t.Helper()
	err := s.engine.update(t.Context(), func(c conn) error {
		_, err := c.exec("update keys set name = $2 where name = $1", from, to)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func answer(t testing.TB, run func(context.Context, func(conn) error) error, sql string) (text string) {
	t.Helper()
	err := run(t.Context(), func(c conn) error {
		return c.query(func(r row) error { text = r.text(0); return nil }, sql)
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// Setting returns what a setting of PostgreSQL is for the store's connections.
func (s *Store) Setting(t testing.TB, name string) string {
	t.Helper()
	return answer(t, s.engine.view, "select current_setting('"+name+"')")
}

// Fill writes n rows into every table but that of the keys: row n of a table
// refers to row n of another.
func (s *Store) Fill(t testing.TB, n int) {
	t.Helper()
	err := s.engine.upgrade(t.Context(), func(c conn) error {
		tables, err := shapes(c, s.catalog())
		for _, table := range tables {
			if table.name == "keys" || err != nil {
				continue
			}
			var list [][]any
			for i := range n {
				list = append(list, table.madeUp(i))
			}
			if _, err = c.exec(table.insert(s.engine.dialect()), rows(list, columns)); err != nil {
				err = fmt.Errorf("%s: %w", table.name, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s shape) madeUp(n int) (values []any) {
	for i, c := range s.columns {
		switch {
		case c.null && n%3 == 0:
			values = append(values, nil)
		case c.kind == kindOctets:
			sum := sha256.Sum256([]byte{byte(i), byte(n), byte(n >> 8)})
			values = append(values, sum[:])
		case c.kind == kindWhole && n == 0:
			values = append(values, int64(math.MaxInt64))
		case c.kind == kindWhole && n == 1:
			values = append(values, int64(math.MinInt64))
		case c.kind == kindWhole:
			values = append(values, int64(n))
		case c.name == "id" || strings.HasSuffix(c.name, "_id"):
			values = append(values, fmt.Sprintf("row-%d", n))
		default:
			odd := []string{"", "'\"\\", "\n\u2028\U0001F600", "É", "e\u0301", "\x7f"}
			values = append(values, odd[n%len(odd)]+fmt.Sprint(n))
		}
	}
	return values
}

// AddTable makes a table such as a later migration may make: some of it may be NULL.
func (s *Store) AddTable(t testing.TB) {
	t.Helper()
	octets := map[string]string{"sqlite": "blob", "postgres": "bytea"}[s.engine.dialect().name]
	err := s.engine.update(t.Context(), func(c conn) error {
		_, err := c.exec("create table aaa (b bigint, d text, vendor_id text references vendors (id), id text not null, a " + octets + ", c bigint not null, primary key (id, c))")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
