package main

import (
	"context"
	"fmt"
)

const (
	senders = 8  // connections to the receiver, of both sides
	calls   = 10 // adds of 500 in a round
)

// delivery times messages from the call that causes them to the receiver,
// against net/smtp sending as many of the same bytes. Both use the same
// receiver, and neither a connection more.
func (b *bench) delivery(ctx context.Context) (m measured, err error) {
	h, err := startChild(ctx, "sink")
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
		m, err := b.deliver(ctx, p, p.bare)
		if err != nil {
			return m, err
		}
		return b.besidesParts(ctx, m, p)
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
