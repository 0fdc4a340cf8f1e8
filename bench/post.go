package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"time"
)

// post is a server that delivers, with the receiver.
type post struct {
	server      *server
	sink        *child
	adder       *adder
	lost, twice int
}

func (b *bench) startPost(ctx context.Context, program, name string, sink *child) (*post, error) {
	dir := filepath.Join(b.dir, name)
	d, err := seedDir(ctx, dir, 0, (1+b.rounds)*calls)
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
	begun, spent, received := time.Now(), p.server.spent(), p.sink.spent()
	if err := p.add(); err != nil {
		return s, err
	}
	after, err := p.wait(ctx, before.Distinct+count)
	distinct := after.Distinct - before.Distinct
	p.lost += count - distinct
	p.twice += after.Messages - before.Messages - distinct
	return speed{
		perSecond: float64(distinct) / after.Last.Sub(begun).Seconds(),
		cost:      (p.server.spent() - spent) / count, server: (p.sink.spent() - received) / count,
	}, err
}

// add makes the calls, over two connections.
func (p *post) add() error {
	conns, err := dialAll(p.server.addr, 2)
	if err != nil {
		return err
	}
	defer conns.Close()
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
	err = json.Unmarshal(text, &t)
	if err == nil && t.Wrong != "" {
		err = errors.New(t.Wrong)
	}
	return t, err
}

func (p *post) ask(path string) ([]byte, error) {
	answer, err := http.Get("http://" + p.sink.addrs[1] + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// bare is the side without Tryout.
func (p *post) bare(ctx context.Context) (speed, error) { return p.alone(ctx, bare) }

// alone sends Tryout's last message over and over.
func (p *post) alone(ctx context.Context, send func(ctx context.Context, addr, to string, message []byte, count int) (speed, error)) (speed, error) {
	message, err := p.ask("/message")
	if err != nil {
		return speed{}, err
	}
	_, rest, _ := bytes.Cut(message, []byte("\r\nTo: <"))
	to, _, _ := bytes.Cut(rest, []byte(">"))
	received := p.sink.spent()
	s, err := send(ctx, p.sink.addrs[0], string(to), message, calls*500)
	s.server = (p.sink.spent() - received) / (calls * 500)
	return s, err
}
