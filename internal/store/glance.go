package store

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// errMoved is how a glance fails when something was committed while it lasted.
var errMoved = errors.New("the database moved on")

// glance reads the state that mark names, without a transaction: each statement
// is held against the mark before its first row is passed on. It takes a
// connection only when something is asked, so that what the memo answers costs
// none.
type glance struct {
	e     *sqliteEngine
	ctx   context.Context
	at    beta.Mark
	c     *sqlite.Conn
	moved bool
}

func (g *glance) exec(string, ...any) (int64, error) {
	return 0, errors.New("a glance changes nothing")
}

func (g *glance) query(fn func(row) error, sql string, args ...any) error {
	if g.c == nil {
		c, err := g.e.take(g.ctx)
		if err != nil {
			return err
		}
		g.c = c
	}
	return sqliteConn{g.c}.queryIf(g.still, fn, sql, args...)
}

// still reports whether the database is in the glance's state. Asked after the
// first step of a statement, when its snapshot has been taken: the snapshot is
// that state's then, since states do not come back.
func (g *glance) still() error {
	if g.e.mark() == g.at {
		return nil
	}
	g.moved = true
	return errMoved
}

func (g *glance) end() {
	if g.c != nil {
		g.e.readers.put(g.c)
	}
}

// glance runs fn on the state that mark names. It fails with errMoved,
// whatever fn says, when that was over before fn had read everything.
func (e *sqliteEngine) glance(ctx context.Context, mark beta.Mark, fn func(conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := &glance{e: e, ctx: ctx, at: mark}
	defer g.end()
	err := fn(g)
	if g.moved {
		return errMoved
	}
	return err
}
