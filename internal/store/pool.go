package store

import (
	"context"
	"errors"
	"sync"

	"zombiezen.com/go/sqlite"
)

// pool is the connections that read, opened as they are needed. The one given
// back last is taken first: its page cache is the warmest. A read is not
// interrupted, none of ours is long; the library's own pool starts a goroutine
// for every read to be able to.
type pool struct {
	path   string
	places chan struct{} // one for each connection in use

	mu   sync.Mutex
	free []*sqlite.Conn
}

func newPool(path string, size int) *pool {
	return &pool{path: path, places: make(chan struct{}, size)}
}

// take waits for a place and returns a connection, to be given back with put.
func (p *pool) take(ctx context.Context) (*sqlite.Conn, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := p.last(); c != nil {
		return c, nil
	}
	c, err := p.open()
	if err != nil {
		<-p.places
	}
	return c, err
}

// last takes the connection given back last, or nil.
func (p *pool) last() *sqlite.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	c := p.free[n-1]
	p.free = p.free[:n-1]
	return c
}

func (p *pool) open() (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn(p.path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	if err := prepareReader(c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (p *pool) put(c *sqlite.Conn) {
	p.mu.Lock()
	p.free = append(p.free, c)
	p.mu.Unlock()
	<-p.places
}

// close waits for the reads under way and closes all connections. Nothing may
// be taken any more.
func (p *pool) close() (err error) {
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	for _, c := range p.free {
		err = errors.Join(err, c.Close())
	}
	return err
}
