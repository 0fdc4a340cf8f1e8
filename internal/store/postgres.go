package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tryout/internal/beta"
)

// postgresEngine keeps everything in a PostgreSQL database that several
// processes may use at once. A transaction that changes something reads what
// was committed last, statement by statement, and holds the rows that it will
// change; one that only reads has a snapshot.
type postgresEngine struct {
	pool *pgxpool.Pool
	seen *timelines
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

func (e *postgresEngine) glance(context.Context, beta.Mark) *glance { panic("a glance at no state") }

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

// How transactions begin.
const (
	reading  = "begin isolation level repeatable read, read only"
	changing = "begin isolation level read committed, read write"
)

func (e *postgresEngine) view(ctx context.Context, fn func(conn) error) error {
	return e.read(ctx, busy, reading, fn)
}

func (e *postgresEngine) survey(ctx context.Context, fn func(conn) error) error {
	return e.read(ctx, 24*time.Hour, reading, fn)
}

// single needs no transaction: a statement has a snapshot of its own.
func (e *postgresEngine) single(ctx context.Context, fn func(conn) error) error {
	return e.read(ctx, busy, "", fn)
}

func (e *postgresEngine) read(ctx context.Context, limit time.Duration, begin string, fn func(conn) error) error {
	return e.again(ctx, func(ctx context.Context) (vain bool, err error) {
		t, err := e.take(ctx, limit, begin)
		if err != nil {
			return false, err
		}
		defer t.end()
		if err = fn(t); t.failed != nil { // whatever fn made of it
			err = cmp.Or(err, unreachable(t.failed))
		}
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
		t, err := e.take(ctx, limit, changing)
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

// take waits for a connection as long as the caller does, and no longer than
// busy. What is asked on it begins as it says, and may last until limit.
func (e *postgresEngine) take(ctx context.Context, limit time.Duration, begin string) (*postgresTx, error) {
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
	t := &postgresTx{pool: e.pool, seen: e.seen, lent: c, c: c.Conn().PgConn(), begin: begin, single: begin == "", reads: begin == reading}
	t.ctx, t.stop = context.WithTimeout(context.WithoutCancel(ctx), limit)
	return t, nil
}
