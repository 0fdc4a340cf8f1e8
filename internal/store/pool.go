package store

import (
	"context"
	"errors"
	"sync"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// pool is the connections that read, opened as they are needed. The one given
// back last is taken first: its page cache is the warmest. A read is not
// interrupted, none of ours is long; the library's own pool starts a goroutine
// for every read to be able to.
type pool struct {
	path   string
	places chan struct{} // one for each connection in use

	mu   sync.Mutex
	free []*reader
}

// reader is a connection that reads. Between reads it may hold the snapshot of
// a state of the database: as long as that state lasts, the next read of it
// need not take one.
type reader struct {
	*link
	at beta.Mark // the state held; zero for none
}

func newPool(path string, size int) *pool {
	return &pool{path: path, places: make(chan struct{}, size)}
}

// take waits for a place and returns a connection, to be given back with put.
func (p *pool) take(ctx context.Context) (*reader, error) {
	if err := p.place(ctx); err != nil {
		return nil, err
	}
	if r := p.last(); r != nil {
		return r, nil
	}
	r, err := p.open()
	if err != nil {
		<-p.places
	}
	return r, err
}

// place waits for a place. There mostly is one: ctx need not arm its timer then.
func (p *pool) place(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.places <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// last takes the connection given back last, or nil.
func (p *pool) last() *reader {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	r := p.free[n-1]
	p.free = p.free[:n-1]
	return r
}

func (p *pool) open() (*reader, error) {
	c, err := sqlite.OpenConn(p.path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	if err := prepareReader(c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &reader{link: newLink(c)}, nil
}

func (p *pool) put(r *reader) {
	p.mu.Lock()
	p.free = append(p.free, r)
	p.mu.Unlock()
	<-p.places
}

// release lets go of the snapshots that idle connections hold. The log cannot
// be begun anew while an old one is held.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.free {
		r.release()
	}
}

// close waits for the reads under way and closes all connections. Who comes later
// waits in vain.
func (p *pool) close() (err error) {
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.free {
		err = errors.Join(err, r.Close())
	}
	p.free = nil // requests that were cut may still ask to release them
	return err
}

// hold begins to hold a snapshot; which, its first read tells.
func (r *reader) hold() error {
	r.release()
	_, err := sqliteConn{r.link}.exec("begin")
	return err
}

// release ends what hold began. That cannot fail in a way that would matter: a
// connection that is not in a transaction holds nothing.
func (r *reader) release() {
	r.at = beta.Mark{}
	if !r.AutocommitEnabled() {
		sqliteConn{r.link}.exec("rollback")
	}
}
