package store

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"tryout/internal/beta"
)

var errRefused = errors.New("refused")

// trial is a store whose writer a test can hold to have writes gather.
type trial struct {
	*testing.T
	*Store
	dir string
}

func openTrial(t *testing.T) trial {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, make([]byte, KeySize), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return trial{t, s, dir}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// member is a write in a group; runs counts how often it was run.
type member struct {
	job
	runs int
}

func (t trial) member(fn func(beta.Tx) error) *member {
	m := &member{job: job{done: make(chan struct{})}}
	m.fn = func(c conn) error {
		m.runs++
		return fn(t.on(c))
	}
	return m
}

// together has the members share a transaction, in this order: they come in while
// the last that the one before takes in is run.
func (t trial) together(group ...*member) {
	t.Helper()
	w := t.engine.(*sqliteEngine).writer
	holder := t.member(func(beta.Tx) error {
		for _, m := range group {
			if err := w.hand(&m.job); err != nil {
				return err
			}
		}
		return nil
	})
	err := t.Update(t.Context(), func(beta.Tx) error { return w.hand(&holder.job) })
	<-holder.done
	if err := errors.Join(err, holder.err); err != nil {
		t.Fatal(err)
	}
	for _, m := range group {
		<-m.done
	}
}

// vendor writes one vendor.
func vendor(id beta.VendorID) func(beta.Tx) error {
	return func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: id, Name: "Acme"}, time.Now())
		return err
	}
}

// vendorThen writes one vendor and fails.
func vendorThen(id beta.VendorID, err error) func(beta.Tx) error {
	return func(tx beta.Tx) error { return errors.Join(vendor(id)(tx), err) }
}

// want checks which of the vendors V1 to V4 are there.
func (t trial) want(ids ...beta.VendorID) {
	t.Helper()
	var got []beta.VendorID
	err := t.View(t.Context(), func(r beta.Reader) error {
		for _, id := range []beta.VendorID{"V1", "V2", "V3", "V4"} {
			if _, err := r.Vendor(id); err == nil {
				got = append(got, id)
			} else if !errors.Is(err, beta.ErrNoRow) {
				return err
			}
		}
		return nil
	})
	if err != nil || !slices.Equal(got, ids) {
		t.Errorf("vendors: got %v, %v, want %v", got, err, ids)
	}
}

func TestAWriteRefusedBeforeItWroteCostsItsNeighboursNothing(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	first, last := s.member(vendor("V1")), s.member(vendor("V3"))
	refused := s.member(func(tx beta.Tx) error { _, _, err := tx.LockTest("none"); return err })
	s.together(first, refused, last)
	if first.err != nil || !errors.Is(refused.err, beta.ErrNoRow) || last.err != nil {
		t.Errorf("got %v, %v, %v; want only the second refused", first.err, refused.err, last.err)
	}
	if first.runs != 1 || refused.runs != 1 || last.runs != 1 {
		t.Errorf("run %d, %d, %d times, want each once", first.runs, refused.runs, last.runs)
	}
	s.want("V1", "V3")
}

func TestAWriteThatFailsIsUndoneAlone(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	first, last := s.member(vendor("V1")), s.member(vendor("V4"))
	failed, another := s.member(vendorThen("V2", errRefused)), s.member(vendorThen("V3", errRefused))
	s.together(first, failed, another, last)
	if first.err != nil || !errors.Is(failed.err, errRefused) || !errors.Is(another.err, errRefused) || last.err != nil {
		t.Errorf("got %v, %v, %v, %v; want only the two in the middle refused", first.err, failed.err, another.err, last.err)
	}
	if first.runs != 2 || failed.runs != 2 || another.runs != 1 || last.runs != 1 {
		t.Errorf("run %d, %d, %d, %d times; want twice up to the first that failed", first.runs, failed.runs, another.runs, last.runs)
	}
	s.want("V1", "V4")
}

func TestAPanicHarmsNoNeighbour(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	first, last := s.member(vendor("V1")), s.member(vendor("V3"))
	panics := s.member(func(tx beta.Tx) error { vendor("V2")(tx); panic("oh no") })
	s.together(first, panics, last)
	if first.err != nil || panics.panic != "oh no" || last.err != nil {
		t.Errorf("got %v, panic %v, %v; want only the second to panic", first.err, panics.panic, last.err)
	}
	s.want("V1", "V3")
}

func TestOfAWriteRunAgainTheLastOutcomeCounts(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	var fickle *member
	fickle = s.member(func(tx beta.Tx) error {
		if fickle.runs == 1 {
			return vendorThen("V1", errRefused)(tx)
		}
		return vendor("V1")(tx)
	})
	last := s.member(vendor("V2"))
	s.together(fickle, last)
	if fickle.err != nil || last.err != nil || fickle.runs != 2 {
		t.Errorf("got %v after %d runs, and %v; want both taken", fickle.err, fickle.runs, last.err)
	}
	s.want("V1", "V2")
}

func TestWhoGivesUpWhileAGroupIsRunAgainIsNotServed(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	quitter := s.member(vendor("V2"))
	failed := s.member(func(tx beta.Tx) error {
		quitter.state.CompareAndSwap(waiting, abandoned)
		return vendorThen("V1", errRefused)(tx)
	})
	s.together(failed, quitter)
	if failed.runs != 2 || quitter.runs != 0 {
		t.Errorf("run %d and %d times, want the one who gave up never", failed.runs, quitter.runs)
	}
	s.want()
}

// Nothing may be acknowledged that SQLite rolled back by itself, not even when
// somebody made light of the error that came with it.
func TestATransactionThatEndsEarlyFailsForAll(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	first, last := s.member(vendor("V1")), s.member(vendor("V2"))
	ends := s.member(func(t beta.Tx) error { _, err := t.(tx).exec("rollback"); return err })
	s.together(first, ends, last)
	if first.err == nil || ends.err == nil || last.err == nil {
		t.Errorf("got %v, %v, %v; want all to fail", first.err, ends.err, last.err)
	}
	if err := s.Update(t.Context(), vendor("V3")); err != nil {
		t.Errorf("the next write: %v", err)
	}
	s.want("V3")
}

// Who comes while others are run shares their commit, and their fate.
func TestWhoComesMeanwhileSharesTheCommit(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	w := s.engine.(*sqliteEngine).writer
	stored := func() bool {
		return s.View(t.Context(), func(r beta.Reader) error { _, err := r.Vendor("V1"); return err }) == nil
	}
	late := s.member(func(tx beta.Tx) error {
		_, err := tx.Vendor("V1")
		if err != nil || stored() {
			t.Errorf("who came late saw %v, and a reader %v; want what is written, not committed", err, stored())
		}
		return vendor("V2")(tx)
	})
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		return errors.Join(vendor("V1")(tx), w.hand(&late.job))
	})
	if <-late.done; err != nil || late.err != nil {
		t.Errorf("got %v and %v", err, late.err)
	}
	s.want("V1", "V2")
}

// Who joined late and fails keeps nobody waiting who was there before.
func TestWhoFailsLateFailsBehindTheOthers(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	w := s.engine.(*sqliteEngine).writer
	stored := func() bool {
		return s.View(t.Context(), func(r beta.Reader) error { _, err := r.Vendor("V1"); return err }) == nil
	}
	var late, last *member
	late = s.member(func(tx beta.Tx) error {
		if got := stored(); got != (late.runs > 1) {
			t.Errorf("run %d: the one before is stored: %v", late.runs, got)
		}
		return vendorThen("V2", errRefused)(tx)
	})
	last = s.member(vendor("V3"))
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		if late.runs == 0 {
			return errors.Join(vendor("V1")(tx), w.hand(&late.job), w.hand(&last.job))
		}
		return vendor("V1")(tx)
	})
	<-last.done
	if err != nil || !errors.Is(late.err, errRefused) || last.err != nil {
		t.Errorf("got %v, %v, %v; want only the second refused", err, late.err, last.err)
	}
	s.want("V1", "V3")
}

// A goroutine that ends in the middle of a transaction leaves nobody waiting, and
// nothing is acknowledged any more.
func TestATransactionThatIsBrokenOffIsAFault(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	w := s.engine.(*sqliteEngine).writer
	beside := s.member(vendor("V2"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Update(t.Context(), func(tx beta.Tx) error {
			vendor("V1")(tx)
			w.hand(&beside.job)
			runtime.Goexit()
			return nil
		})
	}()
	<-ended
	for name, err := range map[string]error{
		"the store": s.Fault(), "the next": s.Update(t.Context(), vendor("V3")), "one more": s.Update(t.Context(), vendor("V4")),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if <-beside.done; !errors.Is(beside.err, errAway) {
		t.Errorf("who waited got %v, want that the database is away", beside.err)
	}
	s.want()
}

// Who was refused by what another wrote is not, when that could not be committed.
func TestNobodyIsRefusedByWhatWasNotCommitted(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	first := s.member(vendor("V1"))
	refused := s.member(func(tx beta.Tx) error {
		if _, err := tx.Vendor("V1"); err == nil {
			return errRefused
		}
		return nil
	})
	ends := s.member(func(t beta.Tx) error { _, err := t.(tx).exec("rollback"); return err })
	s.together(first, refused, ends)
	if errors.Is(refused.err, errRefused) || refused.err == nil {
		t.Errorf("got %v, want that the change was lost", refused.err)
	}
	s.want()
}
