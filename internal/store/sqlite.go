package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/beta"
)

// sqliteEngine keeps everything in one file. One connection writes, owned by
// one goroutine; the others read.
type sqliteEngine struct {
	readers *pool
	writer  *writer
	watch   *watch
}

// openSQLite opens, or creates, the database file in dir.
func openSQLite(dir string) (*sqliteEngine, error) {
	path := filepath.Join(dir, "tryout.db")
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	w, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := errors.Join(checkVersion(sqlite.VersionNumber), prepareWriter(w)); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), w.Close())
	}
	watch, err := openWatch(path)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &sqliteEngine{newPool(path, 2*runtime.GOMAXPROCS(0)), startWriter(w), watch}, nil
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
		return pragmas(c, "journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on", "cache_size=-4096", "user_version")
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
	return pragmas(c, "query_only=on", "cache_size=-1536")
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
	return fn(sqliteConn{r.Conn})
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

// sqliteConn runs statements on one connection; prepared ones are kept by it.
type sqliteConn struct{ c *sqlite.Conn }

func (q sqliteConn) exec(sql string, args ...any) (int64, error) {
	err := q.query(nil, sql, args...)
	return int64(q.c.Changes()), err
}

func (q sqliteConn) query(fn func(row) error, sql string, args ...any) error {
	return q.queryIf(func() error { return nil }, fn, sql, args...)
}

func (q sqliteConn) later(fn func(row) error, sql string, args ...any) error {
	return atOnce(q, fn, sql, args)
}

func (sqliteConn) last() {}

// queryIf is query, asking may after the first step: its error is the answer
// then, and no row is passed on.
func (q sqliteConn) queryIf(may func() error, fn func(row) error, sql string, args ...any) (err error) {
	stmt, err := q.c.Prepare(sql)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, stmt.Reset()) }()
	if err := bind(stmt, args); err != nil {
		return err
	}
	more, err := stmt.Step()
	if err == nil {
		if err := may(); err != nil {
			return err
		}
	}
	for ; more && err == nil; more, err = stmt.Step() {
		if fn == nil {
			continue
		}
		if err := fn(sqliteRow{stmt}); err != nil {
			return err
		}
	}
	return unavailable(err)
}

// bind gives each argument its place. SQLite counts places in the order in
// which the names first appear in the text, whatever their numbers.
func bind(stmt *sqlite.Stmt, args []any) error {
	if n := stmt.BindParamCount(); n != len(args) {
		return fmt.Errorf("bind: %d arguments for the %d that the statement names", len(args), n)
	}
	for place := 1; place <= len(args); place++ {
		name := stmt.BindParamName(place)
		n, err := strconv.Atoi(strings.TrimPrefix(name, "$"))
		if err != nil || n < 1 || n > len(args) {
			return fmt.Errorf("bind: there is no argument %q", name)
		}
		bindAt(stmt, place, args[n-1])
	}
	return nil
}

func bindAt(stmt *sqlite.Stmt, place int, arg any) {
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.String:
		stmt.BindText(place, v.String())
	case reflect.Int, reflect.Int64:
		stmt.BindInt64(place, v.Int())
	case reflect.Bool:
		stmt.BindBool(place, v.Bool())
	case reflect.Slice:
		stmt.BindBytes(place, v.Bytes())
	default:
		panic(fmt.Sprintf("store: an argument has type %T", arg))
	}
}

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
