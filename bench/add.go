package main

import (
	"context"
	"fmt"
)

// addBulk adds 500 to a skill of their own, over 4 connections, against one
// connection of SQLite that writes the same rows, a transaction each.
func (b *bench) addBulk(ctx context.Context) (measured, error) {
	m, err := b.adds(ctx, 4, (*adder).bulk, b.rawBulk)
	if err == nil && b.rival == nil {
		m.note += fmt.Sprintf("; raw is modernc, elsewhere 0.72 of mattn: %.2f of mattn, 0.60 wanted", 0.72*m.median())
	}
	return m, err
}

// addMany adds one at a time to the large skill for 32 callers at once, against
// SQLite with commits shared by as many callers.
func (b *bench) addMany(ctx context.Context) (measured, error) {
	return b.singles(ctx, 32, b.rawGroups)
}

// addOne adds one at a time to the large skill for one caller, against a commit
// for each.
func (b *bench) addOne(ctx context.Context) (measured, error) {
	return b.singles(ctx, 1, b.rawSingles)
}

func (b *bench) singles(ctx context.Context, callers int, other func(*raw, *adder) side) (measured, error) {
	m, err := b.adds(ctx, callers, (*adder).single, other)
	if err != nil || b.rival != nil {
		return m, err
	}
	return b.framed(ctx, m, callers)
}

// adds measures callers who add through the API against other.
func (b *bench) adds(ctx context.Context, callers int, how func(*adder, int) asker, other func(*raw, *adder) side) (measured, error) {
	mine := b.adder(&b.added)
	ours := b.load(b.server.process, askers(callers, func(i int) asker { return how(mine, i) }))
	theirs := b.adder(&b.addedThere)
	if b.rival != nil {
		return b.ratio(ctx, b.server, ours, b.load(b.rival.process, askers(callers, func(i int) asker { return how(theirs, i) })))
	}
	r, err := b.openRaw()
	if err != nil {
		return measured{}, err
	}
	return b.ratio(ctx, b.server, ours, other(r, theirs))
}

// adder returns the one at *a, made when first asked for.
func (b *bench) adder(a **adder) *adder {
	if *a == nil {
		*a = newAdder(b.data)
	}
	return *a
}

// rawBulk writes additions that were made beside it, so that nothing but SQLite
// is waited for.
func (b *bench) rawBulk(r *raw, a *adder) side {
	return func(ctx context.Context) (speed, error) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		made := make(chan addition, 8)
		go func() {
			for ctx.Err() == nil {
				select {
				case made <- a.rawBulk():
				case <-ctx.Done():
				}
			}
		}()
		return rate(ctx, itself, 1, b.round, func(int) error { return r.transact(<-made) })
	}
}

// rawSingles commits each addition by itself.
func (b *bench) rawSingles(r *raw, a *adder) side {
	return func(ctx context.Context) (speed, error) {
		return rate(ctx, itself, 1, b.round, func(int) error { return r.transact(a.rawSingle()) })
	}
}

// rawGroups has 32 callers wait for commits that they share.
func (b *bench) rawGroups(r *raw, a *adder) side {
	return func(ctx context.Context) (speed, error) {
		w := startGroups(r)
		defer close(w.jobs)
		return rate(ctx, itself, 32, b.round, func(int) error { return w.add(a.rawSingle()) })
	}
}

// transact writes additions in one transaction.
func (r *raw) transact(list ...addition) error {
	if err := step(r.begin); err != nil {
		return err
	}
	for _, a := range list {
		if err := r.add(a); err != nil {
			return err
		}
	}
	return step(r.commit)
}

// groups is group commit without anything around it.
type groups struct{ jobs chan job }

type job struct {
	addition addition
	done     chan error
}

func startGroups(r *raw) groups {
	w := groups{make(chan job, 128)}
	go func() {
		for first := range w.jobs {
			w.commit(r, first)
		}
	}()
	return w
}

// commit writes first and whoever waits already.
func (w groups) commit(r *raw, first job) {
	jobs, list := []job{first}, []addition{first.addition}
	for range len(w.jobs) {
		j := <-w.jobs
		jobs, list = append(jobs, j), append(list, j.addition)
	}
	err := r.transact(list...)
	for _, j := range jobs {
		j.done <- err
	}
}

func (w groups) add(a addition) error {
	j := job{a, make(chan error, 1)}
	w.jobs <- j
	return <-j.done
}
