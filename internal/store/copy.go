package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"
)

// copied is how many rows are inserted by one statement.
const copied = 1000

// Copy fills the empty database of to with everything that people stored in
// from, as it stands at one moment, in one transaction: all of it or nothing.
// Both must have been opened with the same master key.
func Copy(ctx context.Context, from, to *Store) error {
	return from.engine.survey(ctx, func(source conn) error {
		if err := from.holdsKeys(source); err != nil {
			return err
		}
		list, err := shapes(source, from.catalog())
		if err != nil {
			return err
		}
		return to.engine.upgrade(ctx, func(target conn) error {
			if err := to.isFree(target, list); err != nil {
				return err
			}
			for _, s := range list {
				if err := fill(source, target, s, s.insert(to.engine.dialect())); err != nil {
					return fmt.Errorf("copy %s: %w", s.name, err)
				}
			}
			return nil
		})
	})
}

func (s *Store) catalog() catalog { return catalogs[s.engine.dialect().name] }

// holdsKeys reports whether the master key is the one that the database was made with.
func (s *Store) holdsKeys(c conn) error {
	seal, err := sealer(s.master)
	if err != nil {
		return err
	}
	return c.query(func(r row) error {
		if _, err := seal.Open(nil, nil, r.blob(1), []byte(r.text(0))); err != nil {
			return ErrMasterKey
		}
		return nil
	}, "select name, sealed from keys")
}

// ErrNotEmpty is returned for a copy into a database that has been used.
var ErrNotEmpty = errors.New("the database is not empty")

// isFree wants the same tables as list has, all empty, and keeps servers and
// other copies from beginning to use them.
func (s *Store) isFree(c conn, list []shape) error {
	if lock := s.engine.dialect().lockSchema; lock != "" {
		if err := c.query(func(row) error { return nil }, lock); err != nil {
			return err
		}
	}
	there, err := shapes(c, s.catalog())
	if err != nil {
		return err
	}
	if !sameTables(list, there) {
		return errors.New("the two databases have different tables")
	}
	for _, table := range there {
		err := c.query(func(row) error { return fmt.Errorf("%w: %s has rows", ErrNotEmpty, table.name) },
			"select 1 from "+table.name+" limit 1")
		if err != nil {
			return err
		}
	}
	return nil
}

func sameTables(a, b []shape) bool {
	byName := func(a, b shape) int { return cmp.Compare(a.name, b.name) }
	return reflect.DeepEqual(slices.SortedFunc(slices.Values(a), byName), slices.SortedFunc(slices.Values(b), byName))
}

// fill copies one table.
func fill(source, target conn, s shape, insert string) error {
	var waiting [][]any
	flush := func() error {
		_, err := target.exec(insert, rows(waiting, columns))
		waiting = waiting[:0]
		return err
	}
	err := s.rows(source, func(values []any) error {
		for i, v := range values {
			if t, is := v.(string); is && !utf8.ValidString(t) {
				return fmt.Errorf("the text in %s is not UTF-8", s.columns[i].name)
			}
		}
		if waiting = append(waiting, slices.Clone(values)); len(waiting) == copied {
			return flush()
		}
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	return flush()
}
