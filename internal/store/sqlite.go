package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/beta"
)

// sqliteEngine keeps everything in one file. One connection writes; the
// others read.
type sqliteEngine struct {
	readers *pool
	writer  *writer
	watch   *watch
}

// openSQLite opens, or creates, the database file in dir. Of each commit it tells
// m, which must be asked with its marks.
func openSQLite(dir string, m *memo) (*sqliteEngine, error) {
	path := filepath.Join(dir, "tryout.db")
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	w, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	link := newLink(w)
	if err := errors.Join(checkVersion(sqlite.VersionNumber), prepareWriter(w), w.SetAuthorizer(link)); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), w.Close())
	}
	watch, err := openWatch(path)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	readers := newPool(path, max(2, runtime.GOMAXPROCS(0)))
	mover, err := openCheckpointer(path, readers.release)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), w.Close(), watch.close())
	}
	return &sqliteEngine{readers, startWriter(link, watch, m, mover), watch}, nil
}

// makePrivate creates the file for its owner alone; SQLite gives the files
// beside it the same mode.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return f.Close()
}

// Pragmas are set one by one, outside of any transaction.
func pragmas(c *sqlite.Conn, list ...string) error {
	for _, p := range list {
		if err := sqlitex.ExecuteTransient(c, "pragma "+p, nil); err != nil {
			return fmt.Errorf("pragma %s: %w", p, err)
		}
	}
	return nil
}

// prepareWriter makes commits survive a power cut (FULL), keeps deleted
// addresses from lingering in the file, and waits for an operator's command
// that writes beside the server. Reading anything, the version here, makes the
// WAL-index that is watched.
func prepareWriter(c *sqlite.Conn) error {
	c.SetBusyTimeout(busy)
	return patiently(func() error {
		return pragmas(c, "journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on", "cache_size=-2048", "wal_autocheckpoint=0", "user_version")
	})
}

// busy is how long a connection waits for another process.
const busy = 10 * time.Second

// patiently tries again while others are opening the same new file: of those
// who would change its journal together SQLite sends some away at once,
// whatever the timeout, lest they wait for each other.
func patiently(try func() error) (err error) {
	const pause = time.Millisecond
	for range busy / pause {
		if err = try(); sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
			return err
		}
		time.Sleep(pause)
	}
	return err
}

func prepareReader(c *sqlite.Conn) error {
	c.SetBusyTimeout(busy)
	return pragmas(c, "query_only=on", "cache_size=-640")
}

// checkVersion refuses engines with the WAL-reset bug, which could lose
// committed pages; 3.51.3 repaired it.
func checkVersion(number int) error {
	if number < 3_051_003 {
		return fmt.Errorf("SQLite %d is too old; 3051003 (3.51.3) or newer is needed", number)
	}
	return nil
}

func (e *sqliteEngine) dialect() dialect {
	return dialect{
		name: "sqlite", each: "jsonb_each($2)", in: "in (", out: ")",
		wanted: "(select cast(value ->> 0 as bigint) as number from jsonb_each($2)) as wanted", isWanted: "= wanted.number",
	}
}

// look has nothing to find out: there is one, on this machine.
func (e *sqliteEngine) look(context.Context, func(time.Time)) error { return nil }

func (e *sqliteEngine) fault() error {
	if err := e.writer.fault.Load(); err != nil {
		return *err
	}
	return nil
}

func (e *sqliteEngine) close() error {
	return errors.Join(e.readers.close(), e.writer.close(), e.watch.close())
}

func (e *sqliteEngine) mark() beta.Mark { return e.watch.mark() }

func (e *sqliteEngine) view(ctx context.Context, fn func(conn) error) error {
	r, err := e.take(ctx)
	if err != nil {
		return err
	}
	defer e.readers.put(r)
	if err := r.hold(); err != nil {
		return err
	}
	defer r.release()
	return fn(sqliteConn{r.link})
}

func (e *sqliteEngine) take(ctx context.Context) (*reader, error) {
	r, err := e.readers.take(ctx)
	if err != nil {
		return nil, cmp.Or(ctx.Err(), fmt.Errorf("take a connection: %w", err))
	}
	return r, nil
}

func (e *sqliteEngine) single(ctx context.Context, fn func(conn) error) error {
	return e.view(ctx, fn)
}

func (e *sqliteEngine) update(ctx context.Context, fn func(conn) error) error {
	e.readers.release()
	return e.writer.run(ctx, fn)
}

func (e *sqliteEngine) upgrade(ctx context.Context, fn func(conn) error) error {
	return e.update(ctx, fn)
}

// unavailable marks the failures that pass: a full disk, a lock held too long.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultBusy, sqlite.ResultLocked:
		return errors.Join(errAway, err)
	}
	return err
}

// errAway is the caller's side of a database that cannot be asked now.
var errAway = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "The database cannot be reached now.", Retry: 5 * time.Second,
}
