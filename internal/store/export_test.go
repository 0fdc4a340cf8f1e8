package store

import (
	"context"
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
