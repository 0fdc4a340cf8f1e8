package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// listAgain asks for pages that were asked for before, against prepared bytes:
// what is left of a list once its page is known to be unchanged.
func (b *bench) listAgain(ctx context.Context) (measured, error) {
	const pages = 64
	requests, page, err := b.pages(pages, 100)
	if err != nil {
		return measured{}, err
	}
	again := func(i int) asker {
		return func([]byte) []byte {
			i++
			return requests[i%pages]
		}
	}
	return b.read(ctx, page, again)
}

func (b *bench) list100(ctx context.Context) (measured, error) { return b.listWalk(ctx, 100) }
func (b *bench) list500(ctx context.Context) (measured, error) { return b.listWalk(ctx, 500) }

// listWalk asks for pages that nobody asked for before: each connection walks
// the list from a place of its own, against prepared bytes.
func (b *bench) listWalk(ctx context.Context, size int) (measured, error) {
	starts, page, err := b.starts(size)
	if err != nil {
		return measured{}, err
	}
	walks := 0
	m, err := b.read(ctx, page, func(i int) asker {
		walks++
		return b.data.walk(starts[i%len(starts)], size, walks)
	})
	if err != nil {
		return m, err
	}
	return b.besides(ctx, m, selectPage, size)
}

// read measures what is read over all connections against a static server that
// answers with the given bytes, which is asked the very same.
func (b *bench) read(ctx context.Context, answer []byte, make func(i int) asker) (measured, error) {
	other, stop, err := b.other(ctx, answer)
	if err != nil {
		return measured{}, err
	}
	defer stop()
	m, err := b.ratio(ctx, b.server, b.load(b.server.process, askers(connections, make)), b.load(other, askers(connections, make)))
	if err != nil || b.rival != nil {
		return m, err
	}
	return b.behindEdge(ctx, m, make)
}

func askers(n int, one func(i int) asker) []asker {
	list := make([]asker, n)
	for i := range list {
		list[i] = one(i)
	}
	return list
}

// other starts the other side of what is read.
func (b *bench) other(ctx context.Context, answer []byte) (p process, stop func(), err error) {
	if b.rival != nil {
		return b.rival.process, func() {}, nil
	}
	file := filepath.Join(b.dir, "answer")
	if err := os.WriteFile(file, answer, 0o600); err != nil {
		return p, nil, err
	}
	return startAnswering(ctx, "static", file)
}

// startAnswering starts a server of prepared bytes: "static", or "edge".
func startAnswering(ctx context.Context, kind, file string) (p process, stop func(), err error) {
	h, err := startChild(ctx, kind, file)
	if err != nil {
		return p, nil, fmt.Errorf("%s server: %w", kind, err)
	}
	return process{addr: h.addrs[0], pid: h.cmd.Process.Pid}, h.stop, nil
}

// behindEdge adds to a ratio how much processor time its target leaves for an
// answer, where both sides and who asks use up the machine, and how much of that
// the same bytes take behind Tryout's edge.
func (b *bench) behindEdge(ctx context.Context, m measured, make func(i int) asker) (measured, error) {
	edge, stop, err := startAnswering(ctx, "edge", filepath.Join(b.dir, "answer"))
	if err != nil {
		return m, err
	}
	defer stop()
	s, err := b.load(edge, askers(connections, make))(ctx)
	m.note += fmt.Sprintf("; %.2f leaves %.0f µs; prepared bytes behind the same edge %.0f µs",
		b.target, micros(m.leaves(b.target)), micros(s.cost))
	return m, err
}

// pages returns the requests for the first n pages, each asked once, and the
// last answer.
func (b *bench) pages(n, size int) (requests [][]byte, answer []byte, err error) {
	c, err := dial(b.server.addr)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	for range n {
		requests = append(requests, b.data.list(nil, nextToken(answer), size))
		if answer, err = c.ask(requests[len(requests)-1]); err != nil {
			return nil, nil, err
		}
	}
	return requests, answer, nil
}

// starts returns a token for each connection to walk from, as far from each
// other as can be, and a page of the given size.
func (b *bench) starts(size int) (tokens []string, page []byte, err error) {
	c, err := dial(b.server.addr)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	const stride = 500
	token, apart := "", max(1, b.testers/stride/connections)
	for i := 0; len(tokens) < connections; i++ {
		if i%apart == 0 {
			tokens = append(tokens, token)
		}
		answer, err := c.ask(b.data.list(nil, token, stride))
		if err != nil {
			return nil, nil, err
		}
		token = nextToken(answer)
	}
	page, err = c.ask(b.data.list(nil, "", size))
	return tokens, page, err
}
