package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/store"
	"tryout/internal/storetest"
)

// opened is a store and what it was opened by.
type opened struct {
	*store.Store
	database string
}

func openOn(t *testing.T, database string, master byte) opened {
	t.Helper()
	key := make([]byte, store.KeySize)
	key[0] = master
	s, err := store.Open(t.Context(), database, key, storetest.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if len(s.Migrated()) > 0 {
		s.AddTable(t)
	}
	return opened{s, database}
}

const (
	many = 1100 // rows, in every table: more than are inserted at once
	few  = 20
)

// openFull has rows in every table, whatever migrations made.
func openFull(t *testing.T, rows int) opened {
	t.Helper()
	o := openOn(t, t.TempDir(), 0)
	o.Fill(t, rows)
	for _, name := range []string{"link", "page"} {
		if _, err := o.Key(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o opened) contents(t *testing.T) []store.Content {
	t.Helper()
	list, err := o.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestACopyHoldsWhatWasCopiedThereAndBack(t *testing.T) {
	t.Parallel()
	from, over, back := openFull(t, many), openOn(t, storetest.NewPostgres(t), 0), openOn(t, t.TempDir(), 0)
	want := from.contents(t)
	for _, c := range want {
		if c.Rows < 2 {
			t.Fatalf("%s has %d rows; the test copies nothing of it", c.Table, c.Rows)
		}
	}
	for _, step := range []struct{ from, to opened }{{from, over}, {over, back}} {
		if err := store.Copy(t.Context(), step.from.Store, step.to.Store); err != nil {
			t.Fatal(err)
		}
		if got := step.to.contents(t); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	}
	if storetest.Dump(t, from.database) != storetest.Dump(t, back.database) {
		t.Error("there and back, the rows are not what they were, though their digests are")
	}
}

func TestContentsTellEveryDifference(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		"update testers set language = 'xx' where number = 7",
		"update mails set attempts = attempts + 1 where seq = 7",
		"update tokens set digest = zeroblob(32) where created_at = 7",
		"delete from feedback where number = 7",
		"update aaa set a = null where c = 7",
		"update aaa set b = null where c = 7",
		"insert into suppressions (test_id, email_key, reason, created_at) values (0, 'new', '', 0)",
		"update skills set name = name || vendor_id, vendor_id = 'row-8' where id = 'row-7'",
	} {
		o := openFull(t, few)
		before := o.contents(t)
		edit(t, o.database, change)
		differ := 0
		for i, c := range o.contents(t) {
			if c != before[i] {
				differ++
			}
		}
		if differ != 1 {
			t.Errorf("%s: %d tables differ, want 1", change, differ)
		}
	}
}

func edit(t *testing.T, dir, sql string) {
	t.Helper()
	c, err := sqlite.OpenConn(filepath.Join(dir, "tryout.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlitex.ExecuteTransient(c, sql, nil); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if c.Changes() != 1 {
		t.Fatalf("%s: %d changes, want 1", sql, c.Changes())
	}
}

func TestNothingIsCopiedIntoADatabaseThatWasUsedNorUnderAnotherKey(t *testing.T) {
	t.Parallel()
	from := openFull(t, few)
	used := openOn(t, storetest.NewPostgres(t), 0)
	if _, err := used.Key(t.Context(), "link"); err != nil { // as a server does that starts
		t.Fatal(err)
	}
	before := used.contents(t)
	if err := store.Copy(t.Context(), from.Store, used.Store); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("got %v, want that it is not empty", err)
	}
	if after := used.contents(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("what was there has changed")
	}
	other := openOn(t, from.database, 1)
	empty := openOn(t, storetest.NewPostgres(t), 1)
	if err := store.Copy(t.Context(), other.Store, empty.Store); !errors.Is(err, store.ErrMasterKey) {
		t.Errorf("got %v, want that the master key is another", err)
	}
}

func TestACopyThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	from, to := openFull(t, few), openOn(t, storetest.NewPostgres(t), 0)
	empty := to.contents(t)
	edit(t, from.database, "update testers set email = 'a' || char(0) || 'b' where number = 7") // what PostgreSQL cannot store
	if err := store.Copy(t.Context(), from.Store, to.Store); err == nil {
		t.Error("it was copied")
	}
	if after := to.contents(t); fmt.Sprint(after) != fmt.Sprint(empty) {
		t.Errorf("left is %v", after)
	}
}
