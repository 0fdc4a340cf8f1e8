// Package store is memory: everything SQL, for every database that Tryout runs
// on. It implements what the domain, the token check and the outbox declare
// that they need remembered.
//
// Each statement is written once, in SQL that SQLite and PostgreSQL both
// accept, beside the method that uses it; what differs lies in the engine
// files. Times are integers (milliseconds, UTC) and come from the caller, as
// ids do. Addresses are folded before they get here; keys compare by byte.
//
// An argument in a range, a limit or beside a partial index is written as an
// expression ($1 + 0, ” || $1): SQLite's planner looks at the value of a bare
// one, and then plans the statement anew whenever another is bound, which costs
// several times what running it does.
//
// PostgreSQL plans once for a connection, without the values, but for lists of
// keys. To it each statement is a trip, so what need not be known at once is
// said with later, and what is read last is announced (session.go).
//
// On SQLite one connection writes, for all who wait together (writer.go), with
// synchronous=FULL: an acknowledged write survives a power cut. What was read is
// remembered for as long as SQLite's own mark of the database's state stands still
// (watch.go, memo.go), whoever writes, and over commits of our own that did not touch
// it (written.go). On PostgreSQL several processes write, and each transaction locks
// what it decides on; nothing is remembered.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// Store is an open database. Its methods may be used concurrently.
type Store struct {
	engine  engine
	dialect dialect // the engine's
	now     func() time.Time
	master  []byte
	memo    *memo

	presumes bool // reading is a trip to a server: tokens are believed first

	migrated []string
}

// Open opens a database and brings its schema up to date: SQLite in a
// directory, which is made when it is not there in a directory that is, or
// PostgreSQL at a postgres:// address, where several processes may do so at
// once. master is the key, 32 bytes, that seals the keys kept in the database.
func Open(ctx context.Context, database string, master []byte, now func() time.Time) (*Store, error) {
	m := newMemo()
	e, err := openEngine(ctx, database, m)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: e, dialect: e.dialect(), now: now, master: master, memo: m, presumes: isPostgres(database)}
	if s.migrated, err = migrate(ctx, e, now()); err != nil {
		e.close()
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return s, nil
}

// Migrated returns the names of the migrations that Open had to apply.
func (s *Store) Migrated() []string { return s.migrated }

func openEngine(ctx context.Context, database string, m *memo) (engine, error) {
	if isPostgres(database) {
		return openPostgres(ctx, database)
	}
	return openSQLite(database, m)
}

// Close finishes the writes under way and closes the database.
func (s *Store) Close() error { return s.engine.close() }

// Healthy reports whether the database can be read and its writes be trusted.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.engine.fault(); err != nil {
		return err
	}
	return s.engine.single(ctx, func(c conn) error {
		return c.query(nil, "select 1")
	})
}

// View implements [beta.Store]. The reader is another's once fn has returned.
func (s *Store) View(ctx context.Context, fn func(beta.Reader) error) error {
	return s.look(ctx, s.engine.view, func(t *tx) error { return fn(t) })
}

func (s *Store) read(ctx context.Context, fn func(tx) error) error {
	return s.look(ctx, s.engine.view, func(t *tx) error { return fn(*t) })
}

// readOne is read for an fn that runs one statement at most.
func (s *Store) readOne(ctx context.Context, fn func(tx) error) error {
	if lwa.BeliefIn(ctx).Open() { // which is a statement more
		return s.look(ctx, s.engine.view, func(t *tx) error {
			t.last()
			return fn(*t)
		})
	}
	return s.look(ctx, s.engine.single, func(t *tx) error { return fn(*t) })
}

// look runs fn on one state of the database: by a glance, or when the database
// moves on meanwhile, and where no glance can be had, by view.
func (s *Store) look(ctx context.Context, view func(context.Context, func(conn) error) error, fn func(*tx) error) error {
	if mark := s.engine.mark(); mark != (beta.Mark{}) {
		if err := s.glance(ctx, mark, fn); !errors.Is(err, errMoved) {
			return err
		}
	}
	return view(ctx, func(c conn) error {
		t := s.on(c)
		if err := t.confirm(lwa.BeliefIn(ctx)); err != nil {
			return err
		}
		return fn(&t)
	})
}

// Update implements [beta.Store].
func (s *Store) Update(ctx context.Context, fn func(beta.Tx) error) error {
	return s.engine.update(ctx, func(c conn) error {
		t := s.on(c)
		t.hold = t.lockRow
		return fn(t)
	})
}

func (s *Store) on(c conn) tx {
	t := s.tx(c, beta.Mark{})
	if n, is := c.(*noting); is {
		t.known = n.known
	}
	return t
}

func (s *Store) tx(c conn, mark beta.Mark) tx {
	return tx{conn: c, dialect: &s.dialect, store: s, mark: mark}
}

// tx implements beta.Tx, and so beta.Reader, on a connection.
type tx struct {
	conn
	*dialect
	store *Store
	mark  beta.Mark // the state it reads; zero inside a transaction
	known *known    // nil for who reads, and where others write beside
	hold  string    // at the end of a select of testers that may be saved
}

func (t tx) Mark() beta.Mark { return t.mark }

func (t tx) Last() beta.Reader {
	t.conn.last()
	return t
}

// one runs a query for at most one row.
func (t tx) one(fn func(row), sql string, args ...any) (found bool, err error) {
	err = t.query(func(r row) error {
		found = true
		fn(r)
		return nil
	}, sql, args...)
	return found, err
}

// Fault returns why writes can no longer be trusted: the disk failed under
// them. Nothing is acknowledged from then on; only a restart helps. It is nil
// as long as all is well.
func (s *Store) Fault() error { return s.engine.fault() }
