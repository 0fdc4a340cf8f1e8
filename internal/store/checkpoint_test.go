package store

import (
	"errors"
	"sync/atomic"
	"testing"
	"unsafe"
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
	must(t, w.mover.move(w))
	if n := w.watch.moved(); n != 0 {
		t.Errorf("after a fault %d pages were moved", n)
	}
	w.fault.Store(nil)
	must(t, w.mover.move(w))
	if n := w.watch.moved(); n == 0 || n != w.watch.logged() {
		t.Errorf("without one %d of %d pages were moved", n, w.watch.logged())
	}
}

// moved is how many pages of the log are in the file (nBackfill, https://sqlite.org/walformat.html section 2.1).
func (w *watch) moved() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&w.index[96])))
}
