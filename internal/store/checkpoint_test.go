package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"tryout/internal/beta"
)

// After a fault the log may not hold what was written to it, and the file is what
// a restart has to go by.
func TestNothingIsMovedAfterAFault(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.createSkill()
	w := s.engine.(*sqliteEngine).writer
	fault := errors.New("the disk failed")
	w.fault.Store(&fault)
	if w.mover.move(w) || w.watch.moved() != 0 {
		t.Errorf("after a fault %d pages were moved", w.watch.moved())
	}
	w.fault.Store(nil)
	w.mover.move(w)
	if n := w.watch.moved(); n == 0 || n != w.watch.logged() {
		t.Errorf("without one %d of %d pages were moved", n, w.watch.logged())
	}
}

// Neither is anything when the database is closed: SQLite would, with the last connection.
func TestTheLogOutlivesAFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := Open(t.Context(), dir, make([]byte, KeySize), time.Now)
	must(t, err)
	s := trial{t, store, dir}
	s.createSkill()
	fault := errors.New("the disk failed")
	s.engine.(*sqliteEngine).writer.fault.Store(&fault)
	must(t, s.Close())
	log, err := os.Stat(filepath.Join(s.dir, "tryout.db-wal"))
	if err != nil || log.Size() == 0 {
		t.Errorf("after a fault and Close: %v, want the log as it was", err)
	}
}

// What is known after a write hangs on what SQLite says that each statement writes,
// which it is asked once, when it is prepared.
func TestNothingIsWrittenBesideWhatAStatementSays(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.change(func(tx beta.Tx) error {
		c := tx.(interface {
			query(func(row) error, string, ...any) error
		})
		return c.query(func(r row) error {
			t.Errorf("the schema has %s %s: what SQLite writes for it, on a server that runs while another migrates, nobody would know", r.text(0), r.text(1))
			return nil
		}, `
			select 'the trigger', name from sqlite_schema where type = 'trigger'
			union all
			select 'a cascade in', m.name
			from sqlite_schema m, pragma_foreign_key_list(m.name) f
			where m.type = 'table' and (f.on_delete <> 'NO ACTION' or f.on_update <> 'NO ACTION')`)
	})
}

// moved is how many pages of the log are in the file (nBackfill, https://sqlite.org/walformat.html section 2.1).
func (w *watch) moved() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&w.index[96])))
}
