package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tryout/internal/beta"
)

// postgresEngine keeps everything in a PostgreSQL database that several
// processes may use at once. A transaction that changes something reads what
// was committed last, statement by statement, and holds the rows that it will
// change; one that only reads has a snapshot.
type postgresEngine struct{ pool *pgxpool.Pool }

// isPostgres reports whether a database is named by an address of PostgreSQL.
func isPostgres(database string) bool { return strings.HasPrefix(database, "postgres://") }

// CheckAddress says what is wrong with an address of PostgreSQL; it connects to nobody.
func CheckAddress(address string) error {
	if !isPostgres(address) {
		return errors.New("must begin with postgres:// or sqlite:")
	}
	_, err := pgxpool.ParseConfig(address)
	return err
}

// openPostgres makes a pool of connections to whichever of the hosts in url
// takes writes. It does not wait for one.
func openPostgres(ctx context.Context, url string) (*postgresEngine, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err) // which hides the password
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = 16
	}
	c := config.ConnConfig
	if c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, busy/2)
	for name, value := range session {
		if _, given := c.RuntimeParams[name]; !given {
			c.RuntimeParams[name] = value
		}
	}
	c.OnNotice = noteWarning
	config.AfterConnect = checkServer
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return &postgresEngine{pool}, nil
}

// session is what a connection asks of the server unless the address says
// otherwise. Whoever died amid a transaction must not hold its rows for long.
// And every statement of ours looks its rows up one by one: a plan that walks a
// test, or a table, is cheaper only while that is small. So none is kept for
// another test than it was made for.
var session = map[string]string{
	"application_name":                    "tryout",
	"idle_in_transaction_session_timeout": strconv.FormatInt(busy.Milliseconds(), 10),
	"plan_cache_mode":                     "force_custom_plan",
	"enable_seqscan":                      "off",
	"enable_hashjoin":                     "off",
	"enable_mergejoin":                    "off",
	"enable_material":                     "off",
	"enable_sort":                         "off",
}

// checkServer refuses what was never tried, and what would store less than it
// acknowledged: commits are to reach the disk.
func checkServer(ctx context.Context, c *pgx.Conn) error {
	version := c.PgConn().ParameterStatus("server_version")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < 15 {
		return fmt.Errorf("PostgreSQL %s is too old; 15 or newer is needed", version)
	}
	if encoding := c.PgConn().ParameterStatus("server_encoding"); encoding != "UTF8" {
		return fmt.Errorf("the database is encoded in %s; it must be UTF8", encoding)
	}
	_, err := c.PgConn().Exec(ctx, `
		select set_config('synchronous_commit', 'on', false)
		where current_setting('synchronous_commit') = 'off'`).ReadAll()
	return err
}

func (e *postgresEngine) dialect() dialect {
	return dialect{
		name: "postgres", each: "jsonb_array_elements($2::jsonb)",
		in: "= any (array(", out: "))", // which it fetches first, and then looks each up
		wanted:   "(select array(select cast(value ->> 0 as bigint) from jsonb_array_elements($2::jsonb)) as numbers) as wanted",
		isWanted: "= any (wanted.numbers)",
		lockRow:  " for no key update", skip: " for no key update skip locked",
		lockTable: "lock table ", share: " for share",
		lockSchema: "select pg_advisory_xact_lock(8391162274)", // any number that is ours
	}
}

// mark names nothing: what others commit cannot be seen without asking.
func (e *postgresEngine) mark() beta.Mark { return beta.Mark{} }

func (e *postgresEngine) glance(context.Context, beta.Mark, func(conn) error) error { return errMoved }

// fault is nil: the server looks after its disk, and tells of it by failing.
func (e *postgresEngine) fault() error { return nil }

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

// attempts bounds how often a transaction is run for races lost and
// connections that were cut.
const attempts = 5

// again runs once until it was not in vain or its time is up.
func (e *postgresEngine) again(ctx context.Context, once func(context.Context) (vain bool, err error)) error {
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		vain, err := once(ctx)
		if !vain || n == attempts {
			return err
		}
	}
}

func (e *postgresEngine) view(ctx context.Context, fn func(conn) error) error {
	return e.again(ctx, func(ctx context.Context) (vain bool, err error) {
		t, err := e.begin(ctx, busy, "begin isolation level repeatable read, read only")
		if err != nil {
			return false, err
		}
		defer t.end()
		err = fn(t)
		return t.isVain() && !t.passed, err
	})
}

func (e *postgresEngine) update(ctx context.Context, fn func(conn) error) error {
	return e.change(ctx, busy, fn)
}

func (e *postgresEngine) upgrade(ctx context.Context, fn func(conn) error) error {
	return e.change(ctx, 24*time.Hour, fn)
}

// change runs fn in a transaction; once it has begun, who gives up learns the
// outcome all the same.
func (e *postgresEngine) change(ctx context.Context, limit time.Duration, fn func(conn) error) error {
	return e.again(ctx, func(ctx context.Context) (vain bool, err error) {
		t, err := e.begin(ctx, limit, "begin isolation level read committed, read write")
		if err != nil {
			return false, err
		}
		defer t.end()
		err = fn(t)
		if t.failed != nil { // whatever fn made of it
			return t.isVain(), cmp.Or(err, t.failed)
		}
		if err != nil {
			return false, err
		}
		return t.commit()
	})
}

// begin takes a connection and begins a transaction on it that may last until
// limit. A connection that was cut while it lay idle is replaced.
func (e *postgresEngine) begin(ctx context.Context, limit time.Duration, how string) (t *postgresTx, err error) {
	for range attempts {
		if t, err = e.take(ctx, limit); err != nil {
			return nil, err
		}
		if err = t.run(how); err == nil {
			return t, nil
		}
		t.end()
		if !isCut(t.failed) {
			break
		}
	}
	return nil, err
}

// take waits for a connection as long as the caller does, and no longer than busy.
func (e *postgresEngine) take(ctx context.Context, limit time.Duration) (*postgresTx, error) {
	waiting, stop := context.WithTimeout(ctx, busy)
	defer stop()
	c, err := e.pool.Acquire(waiting)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			c.Release()
		}
		return nil, ctx.Err()
	case err != nil:
		return nil, errors.Join(errAway, fmt.Errorf("take a connection: %w", err))
	}
	t := &postgresTx{pool: e.pool, lent: c, c: c.Conn().PgConn()}
	t.ctx, t.stop = context.WithTimeout(context.WithoutCancel(ctx), limit)
	return t, nil
}

// end gives the connection back, without its transaction.
func (t *postgresTx) end() {
	if t.c.TxStatus() != 'I' && !t.c.IsBusy() {
		t.run("rollback")
	}
	if t.failed != nil && isStale(t.failed) {
		t.c.Close(t.ctx)
	}
	t.lent.Release() // which closes one that is not in order
	if t.failed != nil && isCut(t.failed) {
		t.pool.Reset() // the others were cut as well, or lead to who was the primary
	}
	t.stop()
}

// commit makes what was done durable. Where nobody can say whether it is, that
// is an error of its own.
func (t *postgresTx) commit() (vain bool, err error) {
	t.c.CustomData()[warned] = false
	results, err := t.c.Exec(t.ctx, "commit").ReadAll()
	switch {
	case err != nil && isRefusal(err):
		t.failed = err
		return t.isVain(), fmt.Errorf("commit: %w", unreachable(err))
	case err != nil:
		t.failed = err
		return false, fmt.Errorf("commit: %w", errors.Join(errUnknown, err))
	case results[0].CommandTag.String() != "COMMIT":
		return false, errEnded
	case t.c.CustomData()[warned] == true:
		return false, fmt.Errorf("commit: %w", errUnknown)
	}
	return false, nil
}

// errUnknown is the caller's side of a connection that was cut during commit.
var errUnknown = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "The database went away while it stored this; whether it did is not known.", Retry: 5 * time.Second,
}
