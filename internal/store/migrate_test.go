package store_test

import (
	"errors"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

func TestMigrationsAreAppliedOnceAndDataStays(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	var first string
	for i := range 3 {
		s, err := store.Open(t.Context(), dir, make([]byte, store.KeySize), clock.Now)
		if err != nil {
			t.Fatalf("open %d: %v", i, err)
		}
		err = s.Update(t.Context(), func(tx beta.Tx) error {
			if i > 0 {
				return second(tx.Vendor("V1"))
			}
			_, stranger := tx.Vendor("V1")
			if !errors.Is(stranger, beta.ErrNoRow) {
				t.Errorf("a new database knows a vendor: %v", stranger)
			}
			return addVendor(tx, "V1")
		})
		if err != nil {
			t.Errorf("open %d: the vendor: %v", i, err)
		}
		if applied := s.Applied(t); i == 0 {
			first = applied
		} else if applied != first {
			t.Errorf("open %d: migrations are %s, want them as first applied, %s", i, applied, first)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
	}
	if first == "" {
		t.Error("no migration was applied")
	}
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	if s, err := store.Open(t.Context(), t.TempDir()+"/missing", make([]byte, store.KeySize), time.Now); err == nil {
		s.Close()
		t.Error("got a store, want an error")
	}
}
