package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// timelines remembers the highest timeline that any server was on. A standby
// that becomes the primary begins one with a higher number; a primary that was
// away meanwhile, and does not know that it was replaced, goes on in the old one:
// what it shows is old, and what it stores nobody else has. So none is believed
// whose timeline is lower than one that was seen.
//
// It is remembered in memory alone. A row in the database would not help: the old
// primary has its own, which says what it knows. A process that has just started
// looks at every server first (see census).
type timelines struct {
	highest atomic.Uint32
	pool    atomic.Pointer[pgxpool.Pool] // whose connections end when a higher one is seen
}

// timeline is where a connection keeps that of its server.
const timeline = "timeline"

// check notes which timeline the server of a new connection is on, and refuses
// it when that was left.
func (l *timelines) check(ctx context.Context, c *pgconn.PgConn) error {
	n, err := timelineOf(ctx, c)
	if err != nil {
		return err
	}
	c.CustomData()[timeline] = n
	if l.raise(n) {
		if pool := l.pool.Load(); pool != nil {
			pool.Reset()
		}
	}
	return l.refuse(c)
}

// timelineOf asks for the file that the server writes its log to, whose name
// begins with the timeline: the control file of one that has just been promoted
// still has the old. It is 0 where a server knows of no such thing, or keeps it to
// itself; those are all the same.
func timelineOf(ctx context.Context, c *pgconn.PgConn) (uint32, error) {
	results, err := c.Exec(ctx, "select pg_walfile_name(pg_current_wal_lsn())").ReadAll()
	if slices.Contains([]string{"0A000", "42501", "42883"}, code(err)) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ask for the timeline: %w", err)
	}
	name := string(results[0].Rows[0][0])
	n, err := strconv.ParseUint(name[:min(8, len(name))], 16, 32)
	if err != nil {
		return 0, fmt.Errorf("the log %q has no timeline: %w", name, err)
	}
	return uint32(n), nil
}

// raise reports whether n is higher than all before, after some.
func (l *timelines) raise(n uint32) bool {
	for {
		highest := l.highest.Load()
		if n <= highest {
			return false
		}
		if l.highest.CompareAndSwap(highest, n) {
			return highest > 0
		}
	}
}

// refuse returns why a connection is no good any more; nil while it is.
func (l *timelines) refuse(c *pgconn.PgConn) error {
	if n, highest := c.CustomData()[timeline].(uint32), l.highest.Load(); n < highest {
		return fmt.Errorf("the server was replaced: it is on timeline %d, and one on %d was seen", n, highest)
	}
	return nil
}

func (e *postgresEngine) look(ctx context.Context, clock func(time.Time)) error {
	e.census(ctx)
	return e.view(ctx, func(c conn) error {
		return c.query(func(r row) error {
			clock(at(r.int(0)))
			return nil
		}, "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)")
	})
}

// census connects to each host of the address on its own and so takes note of
// its timeline: a pool that has what it needs from the old primary would never
// meet the new one. What cannot be reached within busy/2 is passed over.
func (e *postgresEngine) census(ctx context.Context) {
	hosts := eachHost(&e.pool.Config().ConnConfig.Config)
	if len(hosts) == 1 {
		return
	}
	ctx, stop := context.WithTimeout(ctx, busy/2)
	defer stop()
	var all sync.WaitGroup
	for _, host := range hosts {
		all.Go(func() {
			if c, err := pgconn.ConnectConfig(ctx, host); err == nil {
				c.Close(ctx)
			}
		})
	}
	all.Wait()
}

// eachHost takes an address apart. A host may stand in it more than once in
// turn, with TLS and without.
func eachHost(c *pgconn.Config) (hosts []*pgconn.Config) {
	var last *pgconn.Config
	for _, f := range append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...) {
		if last != nil && last.Host == f.Host && last.Port == f.Port {
			last.Fallbacks = append(last.Fallbacks, f)
			continue
		}
		last = c.Copy()
		last.Host, last.Port, last.TLSConfig, last.Fallbacks = f.Host, f.Port, f.TLSConfig, nil
		hosts = append(hosts, last)
	}
	return hosts
}
