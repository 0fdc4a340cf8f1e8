package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The rates at which requests arrive, a second, whatever became of the last.
const (
	listRate = 3000
	addRate  = 40
)

// tail compares the slowest lists of a busy server with those of a static one:
// requests come at fixed times, and waiting for a connection counts. The static
// server has nothing else to do.
func (b *bench) tail(ctx context.Context) (m measured, err error) {
	starts, page, err := b.starts(100)
	if err != nil {
		return m, err
	}
	other, stop, err := b.other(ctx, page)
	if err != nil {
		return m, err
	}
	defer stop()
	var mine, theirs, beside []float64
	walk := func(i int) asker { return b.data.walk(starts[i%len(starts)], 100, i) }
	for range b.rounds {
		a, err := b.tailOnce(ctx, b.server.addr, b.server.addr, walk, b.adder(&b.added))
		if err != nil {
			return m, fmt.Errorf("tryout: %w", err)
		}
		z, err := b.tailThere(ctx, other.addr, walk)
		if err != nil {
			return m, fmt.Errorf("the other side: %w", err)
		}
		w, err := b.tailOnce(ctx, other.addr, b.server.addr, walk, b.adder(&b.added))
		if err != nil {
			return m, fmt.Errorf("the other side, with Tryout's adds beside it: %w", err)
		}
		mine, theirs, beside = append(mine, a.p99()), append(theirs, z.p99()), append(beside, w.p99())
		m.values = append(m.values, a.p99()/z.p99())
		m.note = a.keeping("tryout") + z.keeping("the static server")
	}
	m.note = fmt.Sprintf("p99 %.1f ms to %.1f ms%s", median(mine), median(theirs), m.note)
	if b.rival == nil {
		m.note += fmt.Sprintf("; static while Tryout takes the same adds %.1f ms", median(beside))
	}
	return m, nil
}

// tailThere measures the other side: static alone, or a rival with the adds.
func (b *bench) tailThere(ctx context.Context, addr string, walk func(int) asker) (arrivals, error) {
	if b.rival != nil {
		return b.tailOnce(ctx, addr, addr, walk, b.adder(&b.addedThere))
	}
	return arrive(ctx, addr, listRate, 2*b.round, askers(4*connections, walk))
}

// tailOnce measures lists with adds beside them, which may go elsewhere.
func (b *bench) tailOnce(ctx context.Context, addr, adding string, walk func(int) asker, a *adder) (lists arrivals, err error) {
	b.profileOf(b.server)
	var adders sync.WaitGroup
	var failed error
	adders.Go(func() { _, failed = arrive(ctx, adding, addRate, 2*b.round, askers(8, a.bulk)) })
	lists, err = arrive(ctx, addr, listRate, 2*b.round, askers(4*connections, walk))
	adders.Wait()
	if err == nil {
		err = failed
	}
	return lists, err
}

// arrivals is how long requests took from when they were due, in order of size.
type arrivals struct {
	took []time.Duration
	rate float64 // at which they were answered
	want float64
}

func (a arrivals) p99() float64 {
	return a.took[len(a.took)*99/100].Seconds() * 1000
}

// keeping says when the rate was not kept, which makes the figures a comparison
// of queues.
func (a arrivals) keeping(who string) string {
	if a.rate > 0.98*a.want {
		return ""
	}
	return fmt.Sprintf("; %s was asked %.0f/s and answered %.0f/s", who, a.want, a.rate)
}

// arrive sends a request every 1/perSecond for a time. Connections that are
// free take the next one that is due; if all are busy it waits, and its time
// runs from when it was due.
func arrive(ctx context.Context, addr string, perSecond int, d time.Duration, askers []asker) (arrivals, error) {
	conns, err := dialAll(addr, len(askers))
	if err != nil {
		return arrivals{}, err
	}
	defer conns.Close()
	s := &schedule{begin: time.Now().Add(10 * time.Millisecond), every: time.Second / time.Duration(perSecond), left: int64(d.Seconds() * float64(perSecond))}
	total := float64(s.left)
	var workers sync.WaitGroup
	for i, ask := range askers {
		workers.Go(func() { s.work(ctx, conns[i], ask) })
	}
	workers.Wait()
	slices.Sort(s.took)
	return arrivals{s.took, total / time.Since(s.begin).Seconds(), float64(perSecond)}, s.err
}

// schedule hands out arrivals and collects how long they took.
type schedule struct {
	begin time.Time
	every time.Duration
	left  int64
	next  atomic.Int64

	mu   sync.Mutex
	took []time.Duration
	err  error
}

func (s *schedule) work(ctx context.Context, c *conn, ask asker) {
	var took []time.Duration
	var answer []byte
	var err error
	for n := s.next.Add(1) - 1; n < s.left && err == nil && ctx.Err() == nil; n = s.next.Add(1) - 1 {
		due := s.begin.Add(time.Duration(n) * s.every)
		request := ask(answer)
		time.Sleep(time.Until(due))
		answer, err = c.ask(request)
		took = append(took, time.Since(due))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, took...)
	s.err = firstError(s.err, err)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
