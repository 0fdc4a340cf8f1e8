package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"tryout/internal/store"
)

// NewPostgres returns the address of an empty schema in a PostgreSQL server that
// this test binary runs for itself and that ends with it. Where there is none to
// run the test is skipped, and under CI it fails.
//
// The server does not wait for the disk (fsync is off): a test that proves that
// commits are durable needs one of its own. Its default collation orders text
// as people do, so that a key which is not compared by byte is noticed.
func NewPostgres(t testing.TB) string {
	t.Helper()
	server, err := shared()
	need(t, err)
	schema := fmt.Sprint("t", schemas.Add(1))
	if err := run(t.Context(), server, "create schema "+schema); err != nil {
		t.Fatal(err)
	}
	return server + "&search_path=" + schema
}

// recycled is what make makes, or an earlier one, for a store that changes nothing
// of the schema: that goes to another test after this one, without its rows, since
// to make one takes longer than most tests do.
func recycled(t testing.TB, free chan string, make func(testing.TB) string) string {
	t.Helper()
	address := ""
	select {
	case address = <-free:
	default:
		address = make(t)
	}
	t.Cleanup(func() {
		if err := run(context.WithoutCancel(t.Context()), address, emptied); err != nil {
			t.Errorf("empty the schema: %v", err)
			return
		}
		free <- address
	})
	return address
}

// Schemas that no test has: of this version, and of a later one.
var free, freeLater = make(chan string, 1000), make(chan string, 1000) // more than there are tests at once

// newLater is NewPostgres with the schema of a later version: whatever a
// migration may add is there.
func newLater(t testing.TB) string {
	t.Helper()
	address := NewPostgres(t)
	s, err := store.Open(t.Context(), address, make([]byte, store.KeySize), NewClock().Now)
	if err == nil {
		err = errors.Join(s.Close(), run(t.Context(), address, later))
	}
	if err != nil {
		t.Fatal(err)
	}
	return address
}

const later = `
	do $$ declare t text; begin
		for t in select table_name from information_schema.tables where table_schema = current_schema() loop
			execute 'alter table ' || t || ' add column later text not null default ''x''';
			execute 'create index on ' || t || ' (later)';
		end loop;
	end $$;
	create table later (id text not null primary key);
	insert into migrations (name, applied_at) values ('9999_later.postgres.sql', 0)`

const emptied = `
	set session_replication_role = replica; -- the order does not matter
	do $$ declare t text; begin
		for t in select table_name from information_schema.tables where table_schema = current_schema() and table_name <> 'migrations' loop
			execute 'delete from ' || t;
		end loop;
	end $$`

// NewServer returns the address of a server with settings of its own, name=value.
func NewServer(t testing.TB, settings ...string) string {
	t.Helper()
	server, err := startServer("", settings)
	need(t, err)
	return server
}

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errNoPostgres) && os.Getenv("CI") != "true":
		t.Skipf("NOT TESTED on PostgreSQL: %v (make test installs it)", err)
	case err != nil:
		t.Fatal(err)
	}
}

var (
	schemas atomic.Int64
	shared  = sync.OnceValues(func() (string, error) { return startServer("", nil) })
)

func run(ctx context.Context, database, sql string) error {
	c, err := pgconn.Connect(ctx, database)
	if err != nil {
		return err
	}
	return errors.Join(c.Exec(ctx, sql).Close(), c.Close(ctx))
}

var errNoPostgres = errors.New("there is no PostgreSQL in /usr/lib/postgresql")

// startServer starts a server, which is empty or a standby of another, and
// returns its address.
func startServer(primary string, settings []string) (address string, err error) {
	bins := postgresBins()
	if len(bins) == 0 {
		return "", errNoPostgres
	}
	dir, err := os.MkdirTemp("", "tryout-postgres-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", keeper, "keeper", bins[len(bins)-1], dir, serverOptions(dir, settings), primary)
	cmd.Dir = "/"
	if cmd.SysProcAttr, err = Unprivileged(dir); err != nil {
		return "", err
	}
	open, err := start(cmd)
	if err != nil {
		return "", fmt.Errorf("start PostgreSQL in %s: %w", dir, err)
	}
	kept.Store(open, nil)
	return "postgres:///postgres?user=postgres&host=" + url.QueryEscape(dir), nil
}

// keeper runs a server in a directory, says that it is ready, and ends it when
// nobody is left at the other end of its standard input, however that came.
const keeper = `
	if [ -z "$4" ]
	then "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --no-locale --locale-provider icu --icu-locale en --no-sync >"$2/log"
	else "$1/pg_basebackup" -D "$2/data" -d "$4" -R -c fast --no-sync
	fi &&
	"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -s -o "$3" start &&
	echo ready && cat >/dev/null
	"$1/pg_ctl" -D "$2/data" -m immediate -s stop
	rm -rf "$2"`

// Unprivileged is how root runs a server, which refuses to be root: as the user
// that Debian's package makes, to whom paths are given. Others run it as they are.
func Unprivileged(paths ...string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // no Ctrl-C: it has to tidy up
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for _, p := range paths {
		err = errors.Join(err, os.Chown(p, uid, gid))
	}
	return attr, err
}

// start waits until the keeper says ready. It keeps as long as the other end of
// its standard input is open, which is at most as long as this process lives.
func start(cmd *exec.Cmd) (open *os.File, err error) {
	said, says, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	hears, open, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = hears, says, says
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	says.Close()
	hears.Close()
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "ready\n" {
		return nil, fmt.Errorf("it said %q: %w", line, err)
	}
	return open, said.Close()
}

var kept sync.Map // or the garbage collector would close it
