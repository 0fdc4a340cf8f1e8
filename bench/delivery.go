package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	senders = 8  // connections to the receiver, of both sides
	calls   = 10 // adds of 500 in a round
)

// delivery times messages from the call that causes them to the receiver,
// against net/smtp sending as many of the same bytes. Both use the same
// receiver, and neither a connection more.
func (b *bench) delivery(ctx context.Context) (m measured, err error) {
	h, err := startHelper(ctx, "sink")
	if err != nil {
		return m, err
	}
	defer h.stop()
	p, err := b.startPost(ctx, b.tryout, "post", h)
	if err != nil {
		return m, err
	}
	defer p.server.stop()
	if b.against == "" {
		return b.deliver(ctx, p, p.bare)
	}
	q, err := b.startPost(ctx, b.against, "post-rival", h)
	if err != nil {
		return m, err
	}
	defer q.server.stop()
	return b.deliver(ctx, p, q.round)
}

// deliver measures by turns, and counts what was lost and what came twice.
func (b *bench) deliver(ctx context.Context, p *post, other side) (measured, error) {
	if _, err := p.round(ctx); err != nil { // opens all connections, and gives bare a message
		return measured{}, err
	}
	m, err := b.ratio(ctx, p.server, p.round, other)
	m.note += fmt.Sprintf("; %d lost, %d duplicates in %d", p.lost, p.twice, (1+b.rounds)*calls*500)
	return m, err
}

// post is a server that delivers, with the receiver.
type post struct {
	server      *server
	sink        *helper
	adder       *adder
	lost, twice int
}

func (b *bench) startPost(ctx context.Context, program, name string, sink *helper) (*post, error) {
	dir := filepath.Join(b.dir, name)
	d, err := seed(ctx, dir, 0, (1+b.rounds)*calls)
	if err != nil {
		return nil, err
	}
	s, err := startServer(ctx, program, dir, sink.addrs[0], "--connections", strconv.Itoa(senders))
	return &post{server: s, sink: sink, adder: newAdder(d)}, err
}

// round adds testers and waits until all are told.
func (p *post) round(ctx context.Context) (s speed, err error) {
	const count = calls * 500
	before, err := p.tally()
	if err != nil {
		return s, err
	}
	begun, spent := time.Now(), p.server.spent()
	if err := p.add(); err != nil {
		return s, err
	}
	after, err := p.wait(ctx, before.Distinct+count)
	distinct := after.Distinct - before.Distinct
	p.lost += count - distinct
	p.twice += after.Messages - before.Messages - distinct
	return speed{float64(distinct) / after.Last.Sub(begun).Seconds(), (p.server.spent() - spent) / count}, err
}

// add makes the calls, over two connections.
func (p *post) add() error {
	conns, err := dialAll(p.server.addr, 2)
	defer conns.Close()
	if err != nil {
		return err
	}
	return together(len(conns), func(i int) error {
		request := p.adder.bulk(i)
		for range calls / len(conns) {
			if _, err := conns[i].ask(request(nil)); err != nil {
				return err
			}
		}
		return nil
	})
}

// wait returns when so many different messages have come, and a moment more for
// second copies, or when nothing has come for long.
func (p *post) wait(ctx context.Context, distinct int) (tally, error) {
	t, err := p.tally()
	for begun := time.Now(); err == nil && t.Distinct < distinct && time.Since(begun) < patience && ctx.Err() == nil; {
		time.Sleep(20 * time.Millisecond)
		t, err = p.tally()
	}
	if err != nil {
		return t, err
	}
	last := t.Last
	time.Sleep(200 * time.Millisecond)
	t, err = p.tally()
	t.Last = last
	return t, err
}

func (p *post) tally() (t tally, err error) {
	text, err := p.ask("/tally")
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(text, &t)
}

func (p *post) ask(path string) ([]byte, error) {
	answer, err := http.Get("http://" + p.sink.addrs[1] + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// bare is the side without Tryout, sending Tryout's last message.
func (p *post) bare(ctx context.Context) (speed, error) {
	message, err := p.ask("/message")
	if err != nil {
		return speed{}, err
	}
	return bare(ctx, p.sink.addrs[0], message, calls*500)
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
