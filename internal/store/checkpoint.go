package store

import (
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
)

// logFull is how many pages the log holds, more or less, until they are moved
// into the file: SQLite's own number.
const logFull = 1000

// checkpointer moves what the log holds into the file, over a connection of its
// own, while others write. SQLite has whose commit fills the log do it, and
// everybody behind them wait for a thousand pages and two fsyncs.
type checkpointer struct {
	conn  *sqlite.Conn
	file  *os.File      // the database's; to close it releases SQLite's locks (see watch)
	idle  func()        // lets go of the snapshots that idle readers hold
	full  chan struct{} // rings when there is something to move
	ended chan struct{}
}

func openCheckpointer(path string, idle func()) (*checkpointer, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	c.SetBusyTimeout(busy)
	if err := pragmas(c, "synchronous=full", "cache_size=-64"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &checkpointer{c, f, idle, make(chan struct{}, 1), make(chan struct{})}, nil
}

// ring never blocks.
func (c *checkpointer) ring() {
	select {
	case c.full <- struct{}{}:
	default:
	}
}

// run moves pages for w until the checkpointer is closed. What was written
// meanwhile is moved while nobody writes: the log is begun anew only where all
// of it was, and otherwise grows, which makes commits slow. SQLite syncs the file
// when it comes to the log's end, so then; little is left to sync, since all that
// was moved before was synced before.
func (c *checkpointer) run(w *writer) {
	defer close(c.ended)
	for range c.full {
		if c.move(w) && c.sync(w) {
			w.turn.Lock()
			c.idle()
			c.move(w)
			w.turn.Unlock()
		} // else again with the next commit
	}
}

// move moves as much as no reader needs where it is, and reports whether it could.
// After a fault the log may not be what was written to it, and the file is left as
// it is.
func (c *checkpointer) move(w *writer) bool {
	if w.fault.Load() != nil {
		return false
	}
	err := pragmas(c.conn, "wal_checkpoint(passive)")
	w.note(err)
	return err == nil
}

func (c *checkpointer) sync(w *writer) bool {
	err := c.file.Sync()
	if err != nil {
		err = fmt.Errorf("sync the database: %w", err)
		w.fault.CompareAndSwap(nil, &err)
	}
	return err == nil
}

// close ends run; nobody rings any more.
func (c *checkpointer) close() error {
	close(c.full)
	<-c.ended
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("close the connection that moves pages: %w", err)
	}
	return nil
}
