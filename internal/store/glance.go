package store

import (
	"context"
	"errors"
	"sync"

	"tryout/internal/beta"
)

// errMoved is how a glance fails when something was committed while it lasted.
var errMoved = errors.New("the database moved on")

// glance reads the state that mark names. What the memo answers costs it
// nothing: it takes a connection only when something is asked, and a snapshot
// only if the connection does not hold that state's already. A new snapshot is
// held against the mark before the first row is passed on.
type glance struct {
	tx
	e     *sqliteEngine
	ctx   context.Context
	at    beta.Mark
	r     *reader
	moved bool
}

// glances are used again: there is one for nearly every request.
var glances = sync.Pool{New: func() any { return new(glance) }}

// glance runs fn on the state that mark names. It fails with errMoved,
// whatever fn says, when that was over before fn had read everything.
func (s *Store) glance(ctx context.Context, mark beta.Mark, fn func(*tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := s.engine.glance(ctx, mark)
	defer func() { err = g.end(err) }()
	g.tx = s.tx(g.conn, mark)
	return fn(&g.tx)
}

func (e *sqliteEngine) glance(ctx context.Context, mark beta.Mark) *glance {
	g := glances.Get().(*glance)
	g.e, g.ctx, g.at, g.conn = e, ctx, mark, g
	return g
}

// end gives back what the glance took, and g itself. It returns err, or errMoved.
func (g *glance) end(err error) error {
	if g.r != nil {
		g.e.readers.put(g.r)
	}
	if g.moved {
		err = errMoved
	}
	*g = glance{}
	glances.Put(g)
	return err
}

func (g *glance) exec(string, ...any) (int64, error) {
	return 0, errors.New("a glance changes nothing")
}

func (g *glance) later(fn func(row) error, sql string, args ...any) error {
	return atOnce(g, fn, sql, args)
}

func (*glance) last() {}

func (g *glance) query(fn func(row) error, sql string, args ...any) (err error) {
	if g.r == nil {
		if g.r, err = g.e.take(g.ctx); err != nil {
			return err
		}
	}
	if g.r.at == g.at {
		return sqliteConn{g.r.link}.query(fn, sql, args...)
	}
	if g.r.at != (beta.Mark{}) {
		g.e.readers.release() // the others are behind as well
	}
	if err := g.r.hold(); err != nil {
		return err
	}
	return sqliteConn{g.r.link}.queryIf(g.still, fn, sql, args...)
}

// still reports whether the database is in the glance's state. It is asked when
// the snapshot has just been taken: that is the state's then, since states do
// not come back.
func (g *glance) still() error {
	if g.e.mark() == g.at {
		g.r.at = g.at
		return nil
	}
	g.moved = true
	g.r.release()
	return errMoved
}
