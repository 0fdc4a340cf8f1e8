package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// postgres is Tryout on a server of PostgreSQL, and pgbench on the same server,
// in a copy of the same database.
type postgres struct {
	*cluster
	data              *data
	server            *server
	rival             *server // the build of -against, in pgbench's place; nil without
	added, addedThere *adder
}

const (
	ours   = "tryout"
	theirs = "pgbench"
)

// onPostgres returns what was made when it was first asked for.
func (b *bench) onPostgres(ctx context.Context, settings ...string) (*postgres, error) {
	if b.postgres != nil {
		return b.postgres, nil
	}
	c, err := startCluster(ctx, filepath.Join(b.dir, "postgres"), settings...)
	if err != nil {
		return nil, err
	}
	b.postgres = &postgres{cluster: c}
	return b.postgres, b.postgres.prepare(ctx, b)
}

func (p *postgres) prepare(ctx context.Context, b *bench) (err error) {
	if _, err = p.psql(ctx, "postgres", "create database "+ours); err != nil {
		return err
	}
	key := newKey()
	if p.data, err = seed(ctx, p.address(ours), key, b.testers, b.smallSkills()); err != nil {
		return fmt.Errorf("make the data: %w", err)
	}
	p.added, p.addedThere = newAdder(p.data), newAdder(p.data)
	for _, sql := range []string{"vacuum analyze", "checkpoint"} {
		if _, err = p.psql(ctx, ours, sql); err != nil {
			return err
		}
	}
	if _, err = p.psql(ctx, "postgres", "create database "+theirs+" template "+ours); err != nil {
		return err
	}
	if b.against != "" {
		if p.rival, err = startServerOn(ctx, b.against, filepath.Join(b.dir, "postgres-rival"), p.address(theirs), key, b.relay.Addr().String()); err != nil {
			return err
		}
	}
	p.server, err = startServerOn(ctx, b.tryout, filepath.Join(b.dir, "postgres-server"), p.address(ours), key, b.relay.Addr().String())
	return err
}

func (p *postgres) stop() {
	for _, s := range []*server{p.server, p.rival} {
		if s != nil {
			s.stop()
		}
	}
	p.cluster.stop()
}

// beside measures callers of Tryout beside as many of pgbench that run a script.
func (b *bench) beside(ctx context.Context, callers int, script string, ask func(*postgres, *adder, int) asker) (m measured, err error) {
	p, err := b.onPostgres(ctx)
	switch {
	case errors.Is(err, errNoPostgres):
		return measured{note: "NOT MEASURED: " + err.Error()}, nil
	case err != nil:
		return m, err
	}
	mine := askers(callers, func(i int) asker { return ask(p, p.added, i) })
	us := p.watched(ours, b.load(p.server.process, mine))
	them := p.watched(theirs, func(ctx context.Context) (speed, error) { return p.pgbench(ctx, b.round, callers, script) })
	if p.rival != nil {
		there := askers(callers, func(i int) asker { return ask(p, p.addedThere, i) })
		them = p.watched(theirs, b.load(p.rival.process, there))
	}
	return b.ratio(ctx, p.server, us, them)
}

func (b *bench) pgList(ctx context.Context) (measured, error) {
	return b.beside(ctx, 8, listScript, func(p *postgres, _ *adder, i int) asker { return p.data.walk("", 100, 13*i) })
}

func (b *bench) pgCheck(ctx context.Context) (measured, error) {
	return b.beside(ctx, 8, checkScript, func(p *postgres, _ *adder, i int) asker { return p.data.check(i, p.data.testers) })
}

func (b *bench) pgBulk(ctx context.Context) (measured, error) {
	return b.beside(ctx, 4, bulkScript, func(_ *postgres, a *adder, i int) asker { return a.bulk(i) })
}

func (b *bench) pgSingle(ctx context.Context) (measured, error) {
	return b.beside(ctx, 32, singleScript, func(_ *postgres, a *adder, i int) asker { return a.single(i) })
}

// watched adds to a side what its server spent, and holds that every call wrote
// the rows that it should have.
func (p *postgres) watched(database string, how side) side {
	return func(ctx context.Context) (s speed, err error) {
		before, err := p.rows(ctx, database)
		if err != nil {
			return s, err
		}
		spent := p.process().spent()
		if s, err = how(ctx); err != nil {
			return s, err
		}
		s.server = (p.process().spent() - spent) / time.Duration(max(1, s.done))
		after, err := p.rows(ctx, database)
		return s, errors.Join(err, before.grown(after, s.done))
	}
}

// written is how many rows there are.
type written struct{ testers, mails, batches int64 }

func (p *postgres) rows(ctx context.Context, database string) (w written, err error) {
	text, err := p.psql(ctx, database, "select (select sum(testers) from tests), (select count(*) from testers), (select count(*) from mails), (select count(*) from batches)")
	if err != nil {
		return w, err
	}
	var counted int64
	if _, err := fmt.Sscanf(strings.ReplaceAll(text, "|", " "), "%d %d %d %d", &counted, &w.testers, &w.mails, &w.batches); err != nil {
		return w, err
	}
	if counted != w.testers {
		err = fmt.Errorf("%s: the tests count %d testers, and there are %d", database, counted, w.testers)
	}
	return w, err
}

// grown holds that reads wrote nothing, and each of the calls a batch of as many
// testers as the others, with a mail each.
func (w written) grown(now written, calls int64) error {
	testers, mails, batches := now.testers-w.testers, now.mails-w.mails, now.batches-w.batches
	if testers != mails || batches != 0 && (batches != calls || testers != batches && testers != 500*batches) {
		return fmt.Errorf("%d calls wrote %d testers, %d mails and %d batches", calls, testers, mails, batches)
	}
	return nil
}
