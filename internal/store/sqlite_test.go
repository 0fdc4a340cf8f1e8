package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

func TestCommitsSurviveAPowerCutAndDeletionsAreThorough(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	for pragma, want := range map[string]string{
		"journal_mode":  "wal",
		"synchronous":   "2", // FULL
		"foreign_keys":  "1",
		"secure_delete": "1",
	} {
		if got := s.WriterPragma(t, pragma); got != want {
			t.Errorf("%s: got %s, want %s", pragma, got, want)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	if got := s.ReaderPragma(t, "query_only"); got != "1" {
		t.Errorf("query_only: got %s, want 1", got)
	}
	if err := s.WriteInView(t); err == nil {
		t.Error("a view wrote")
	}
}

func TestEnginesThatCanLoseCommitsAreRefused(t *testing.T) {
	t.Parallel()
	for version, fine := range map[int]bool{
		3_044_000: false, 3_051_002: false, 3_051_003: true, 3_052_000: true, 4_000_000: true,
		sqlite.VersionNumber: true,
	} {
		if err := store.CheckVersion(version); (err == nil) != fine {
			t.Errorf("SQLite %d: got %v, want accepted %v", version, err, fine)
		}
	}
}

func TestAFullDiskIsUnavailableAndPasses(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	s.WriterPragma(t, "max_page_count="+s.WriterPragma(t, "page_count"))
	if kind := kindOf(fill(t, s)); kind != beta.Unavailable {
		t.Errorf("a write to a full disk: got kind %d, want Unavailable", kind)
	}
	if err := s.View(t.Context(), func(r beta.Reader) error { return second(r.Skills("V1", "", 1)) }); err != nil {
		t.Errorf("a read from a full disk: %v", err)
	}
	if err := s.Fault(); err != nil {
		t.Errorf("fault: got %v; a full disk passes", err)
	}
	s.WriterPragma(t, "max_page_count=1000000")
	if err := fill(t, s); err != nil {
		t.Errorf("a write after there is room again: %v", err)
	}
}

// fill stores some hundred kilobytes at once.
func fill(t *testing.T, s *store.Store) error {
	return s.Update(t.Context(), func(tx beta.Tx) error {
		for i := range 2000 {
			v := beta.Vendor{ID: beta.VendorID(fmt.Sprint("filler-", i)), Name: fmt.Sprintf("%0100d", i)}
			if _, err := tx.CreateVendor(v, storetest.Start); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestAfterADiskFaultNothingIsAcknowledged(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	if err := s.Healthy(t.Context()); err != nil {
		t.Fatalf("healthy: %v", err)
	}
	broken := s.Update(t.Context(), func(tx beta.Tx) error {
		if err := addVendor(tx, "V1"); err != nil {
			return err
		}
		return sqlite.ResultIOErrFsync.ToError()
	})
	if broken == nil || s.Fault() == nil || s.Healthy(t.Context()) == nil {
		t.Errorf("after a failed fsync: update %v, fault %v, healthy %v; want errors", broken, s.Fault(), s.Healthy(t.Context()))
	}
	err := s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V2") })
	if kindOf(err) != beta.Unavailable {
		t.Errorf("the next write: got %v, want it refused as Unavailable", err)
	}
	s.View(t.Context(), func(r beta.Reader) error {
		for _, id := range []beta.VendorID{"V1", "V2"} {
			if v, err := r.Vendor(id); !errors.Is(err, beta.ErrNoRow) {
				t.Errorf("vendor %s: got %v, %v, want none", id, v, err)
			}
		}
		return nil
	})
}

func TestWritesThatCannotWaitAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	var refused, served int
	var mu sync.Mutex
	var writers sync.WaitGroup
	err := s.Update(t.Context(), func(beta.Tx) error { // holds the writer
		var asked sync.WaitGroup
		for i := range 1000 {
			asked.Add(1)
			writers.Go(func() {
				asked.Done()
				err := s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, fmt.Sprint("V", i)) })
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					served++
				case kindOf(err) == beta.Unavailable:
					refused++
				default:
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		asked.Wait()
		return nil
	})
	writers.Wait()
	if err != nil || served == 0 || served+refused != 1000 {
		t.Errorf("got %v, %d served and %d refused, want each one or the other", err, served, refused)
	}
}

func addVendor(tx beta.Tx, id string) error {
	return second(tx.CreateVendor(beta.Vendor{ID: beta.VendorID(id), Name: id}, storetest.Start))
}

func kindOf(err error) beta.Kind {
	var e *beta.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func second[T any](_ T, err error) error { return err }

// A snapshot that an idle connection went on holding would keep the log from
// being begun anew, and it would grow for as long as the server runs.
func TestTheLogDoesNotGrowForever(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := storetest.OpenDir(t, dir, storetest.NewClock().Now)
	read := func() error {
		return s.View(t.Context(), func(r beta.Reader) error {
			_, err := r.Skills("V1", "", 1)
			return err
		})
	}
	for round := range 30 {
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() { must(t, read()) })
		}
		readers.Wait()
		must(t, s.Update(t.Context(), func(tx beta.Tx) error { return grow(tx, round) }))
	}
	log, err := os.Stat(filepath.Join(dir, "tryout.db-wal"))
	if err != nil || log.Size() > 16<<20 {
		t.Errorf("the log: %v octets, error %v; want it begun anew every 4 MiB or so", log.Size(), err)
	}
}

// grow writes some two megabytes.
func grow(tx beta.Tx, round int) error {
	name := strings.Repeat("x", 64<<10)
	for i := range 32 {
		if _, err := tx.CreateVendor(beta.Vendor{ID: beta.VendorID(fmt.Sprint("grown-", round, "-", i)), Name: name}, storetest.Start); err != nil {
			return err
		}
	}
	return nil
}
