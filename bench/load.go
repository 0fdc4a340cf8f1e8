package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many ask for what is read.
const connections = 16

// warmUp goes before every measured stretch.
const warmUp = 200 * time.Millisecond

// asker makes a connection's next request from the last answer, which is nil at
// first. Each connection has its own.
type asker func(answer []byte) (request []byte)

// side is one of two that do the same work.
type side func(ctx context.Context) (speed, error)

// speed is how fast a side was.
type speed struct {
	perSecond float64
	cost      time.Duration // of processor time that the side's process spent for each
	server    time.Duration // the same of the server's that both sides use: database or receiver; zero where there is none
	asking    time.Duration // the same of who asks; zero where that is the side itself
	done      int64         // all that was done, also before and after it was measured
}

// load is the side that serves at an address, asked by all askers at once, each
// as soon as it has its answer.
func (b *bench) load(p process, askers []asker) side {
	return func(ctx context.Context) (speed, error) {
		conns, err := dialAll(p.addr, len(askers))
		if err != nil {
			return speed{}, err
		}
		defer conns.Close()
		answers := make([][]byte, len(askers))
		return rate(ctx, p, len(askers), b.round, func(i int) (err error) {
			answers[i], err = conns[i].ask(askers[i](answers[i]))
			return err
		})
	}
}

// rate tells how fast work, on n goroutines at once, is done by a process.
func rate(ctx context.Context, p process, n int, d time.Duration, work func(i int) error) (speed, error) {
	ctx, stop := context.WithCancelCause(ctx)
	var done atomic.Int64
	var workers sync.WaitGroup
	for i := range n {
		workers.Go(func() {
			for ctx.Err() == nil {
				if err := work(i); err != nil {
					stop(err)
				}
				done.Add(1)
			}
		})
	}
	pause(ctx, warmUp)
	first, begun, spent, asked := done.Load(), time.Now(), p.spent(), itself.spent()
	pause(ctx, d)
	count, took, cost, asking := done.Load()-first, time.Since(begun), p.spent()-spent, itself.spent()-asked
	if p.pid == itself.pid {
		asking = 0
	}
	stop(errOver)
	workers.Wait()
	if err := context.Cause(ctx); !errors.Is(err, errOver) {
		return speed{}, err
	}
	each := time.Duration(max(1, count))
	return speed{perSecond: float64(count) / took.Seconds(), cost: cost / each, asking: asking / each, done: done.Load()}, nil
}

var errOver = errors.New("the round is over")

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// ratio measures two sides by turns. The server is ours, for a profile.
func (b *bench) ratio(ctx context.Context, s *server, ours, other side) (m measured, err error) {
	var mine, theirs speeds
	for i := range b.rounds {
		if i == 0 {
			b.profileOf(s)
		}
		a, err := ours(ctx)
		if err != nil {
			return m, fmt.Errorf("tryout: %w", err)
		}
		z, err := other(ctx)
		if err != nil {
			return m, fmt.Errorf("the other side: %w", err)
		}
		mine, theirs = append(mine, a), append(theirs, z)
		m.values = append(m.values, a.perSecond/z.perSecond)
	}
	m.other, m.asking, m.otherRate = theirs.cost()+theirs.server(), theirs.asking(), theirs.rate()
	m.note = fmt.Sprintf("%s; %s", mine, theirs)
	return m, nil
}

type speeds []speed

// String is the medians.
func (list speeds) String() string {
	text := fmt.Sprintf("%.0f/s at %.0f µs of processor each", list.rate(), micros(list.cost()))
	if server := list.server(); server > 0 {
		text += fmt.Sprintf(" and %.0f of the server's", micros(server))
	}
	return text
}

func (list speeds) rate() float64 {
	return list.median(func(s speed) float64 { return s.perSecond })
}

func (list speeds) cost() time.Duration {
	return time.Duration(list.median(func(s speed) float64 { return float64(s.cost) }))
}

func (list speeds) server() time.Duration {
	return time.Duration(list.median(func(s speed) float64 { return float64(s.server) }))
}

func (list speeds) asking() time.Duration {
	return time.Duration(list.median(func(s speed) float64 { return float64(s.asking) }))
}

func (list speeds) median(of func(speed) float64) float64 {
	var all []float64
	for _, s := range list {
		all = append(all, of(s))
	}
	return median(all)
}

// together runs work n times at once and returns the first error.
func together(n int, work func(i int) error) (err error) {
	var workers sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		workers.Go(func() { errs <- work(i) })
	}
	workers.Wait()
	for range n {
		err = firstError(err, <-errs)
	}
	return err
}
