package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// isPostgres reports whether a database is named by an address of PostgreSQL.
func isPostgres(database string) bool { return strings.HasPrefix(database, "postgres://") }

// CheckAddress says what is wrong with an address of PostgreSQL; it connects to nobody.
func CheckAddress(address string) error {
	if !isPostgres(address) {
		return errors.New("must begin with sqlite: or postgres://")
	}
	_, err := pgxpool.ParseConfig(address)
	return err
}

// openPostgres makes a pool of connections to whichever of the hosts in url
// takes writes, and of several to the one on the highest timeline. It does not
// wait for one.
func openPostgres(ctx context.Context, url string) (*postgresEngine, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err) // which hides the password
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = 16
	}
	seen := &timelines{}
	setUp(config.ConnConfig, seen)
	config.AfterConnect = checkServer
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	seen.pool.Store(pool)
	e := &postgresEngine{pool, seen}
	e.census(ctx)
	return e, nil
}

// setUp says which servers will do, and what a session is like.
func setUp(c *pgx.ConnConfig, seen *timelines) {
	fits := c.ValidateConnect
	if fits == nil {
		fits = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	c.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error { // after an error the next host is tried
		if err := fits(ctx, c); err != nil {
			return err
		}
		return seen.check(ctx, c)
	}
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, busy/2)
	for name, value := range session {
		if _, given := c.RuntimeParams[name]; !given {
			c.RuntimeParams[name] = value
		}
	}
	c.OnNotice = noteWarning
}

// session is what a connection asks of the server unless the address says
// otherwise. Whoever died amid a transaction must not hold its rows for long.
// And every statement of ours looks its rows up one by one: a plan that walks a
// test, or a table, is cheaper only while that is small. So such plans are
// forbidden, and the one that is left is made once and kept; where there is a
// list of keys the planner has a choice all the same (lists). What it may not do
// and must, it believes to be so dear that it would compile it first: hence jit.
var session = map[string]string{
	"application_name":                    "tryout",
	"idle_in_transaction_session_timeout": strconv.FormatInt(busy.Milliseconds(), 10),
	"plan_cache_mode":                     "force_generic_plan",
	"jit":                                 "off",
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
		return unfit(fmt.Sprintf("PostgreSQL %s is too old; 15 or newer is needed", version))
	}
	if encoding := c.PgConn().ParameterStatus("server_encoding"); encoding != "UTF8" {
		return unfit(fmt.Sprintf("the database is encoded in %s; it must be UTF8", encoding))
	}
	_, err := c.PgConn().Exec(ctx, `
		select set_config('synchronous_commit', 'on', false)
		where current_setting('synchronous_commit') = 'off'`).ReadAll()
	return err
}

// unfit is what is wrong with a server.
type unfit string

func (u unfit) Error() string { return string(u) }

// MayPass reports whether Open failed for a reason that may pass by itself: no
// primary is there yet. A password, a name, a parameter or a certificate that is
// wrong, and a server that will not do, are for somebody to look at.
func MayPass(err error) bool {
	var wrong unfit
	var certificate *tls.CertificateVerificationError
	return errors.Is(err, errAway) && passes(err) && !errors.As(err, &wrong) && !errors.As(err, &certificate)
}
