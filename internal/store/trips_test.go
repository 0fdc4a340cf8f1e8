package store_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// Each trip to the server is paid for by every request: those of a call are
// counted, once its statements are prepared.
func TestTripsToPostgreSQL(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	by := beta.Caller{Vendor: "V1", Write: true}
	service := beta.NewService(s, storetest.NewClock().Now, beta.Rules{}, func(beta.Place, beta.Link) string { return "" }, func() {})
	must(t, s.Update(t.Context(), func(tx beta.Tx) error {
		if err := addVendor(tx, "V1"); err != nil {
			return err
		}
		return second(tx.CreateSkill(beta.Skill{ID: "S", Vendor: "V1", Name: "S"}))
	}))
	must(t, service.CreateTest(t.Context(), by, "S", ""))
	must(t, second(service.StartTest(t.Context(), by, "S")))
	_, test, err := s.SkillTest(t.Context(), "S")
	must(t, err)
	access := lwa.Access{Store: s, Now: storetest.NewClock().Now}
	token, err := access.Issue(t.Context(), "V1", lwa.ScopeRead, time.Hour)
	must(t, err)
	presumed := func() (context.Context, beta.Caller) {
		ctx, by, err := access.Presume(t.Context(), http.Header{"Authorization": {token}})
		must(t, err)
		return ctx, by
	}
	people := 0
	for _, c := range []struct {
		what string
		want int
		call func() error
	}{
		{"a token", 1, func() error { _, _, err := s.Token(t.Context(), lwa.Digest{}); return err }},
		{"a look at the caller", 1, func() error { return service.Check(t.Context(), by, "S", beta.Need{Test: true}) }},
		{"a list", 2, func() error {
			return second(service.ListTesters(t.Context(), by, "S", beta.Page{Limit: 10}, beta.Listing{}, func(beta.Tester, bool) error { return nil }))
		}},
		{"the next page of a list", 1, func() error {
			page := beta.Page{Test: test.ID, After: "a", Limit: 10}
			return second(service.ListTesters(t.Context(), by, "S", page, beta.Listing{}, func(beta.Tester, bool) error { return nil }))
		}},
		{"a token that was read before", 0, func() error { presumed(); return nil }},
		{"a look at who has one", 1, func() error {
			ctx, by := presumed()
			return service.Check(ctx, by, "S", beta.Need{Test: true})
		}},
		{"the next page, for who has one", 1, func() error {
			ctx, by := presumed()
			page := beta.Page{Test: test.ID, After: "a", Limit: 10}
			return second(service.ListTesters(ctx, by, "S", page, beta.Listing{}, func(beta.Tester, bool) error { return nil }))
		}},
		{"may they use it, for who has one", 1, func() error {
			ctx, by := presumed()
			return second(service.Entitled(ctx, by, "S", beta.Email{Given: "a@x.test", Key: "a@x.test"}))
		}},
		{"an add", 4, func() error {
			people++
			e, err := beta.ParseEmail(string(rune('a'+people)) + "@x.test")
			if err != nil {
				return err
			}
			return second(service.AddTesters(t.Context(), by, "S", []beta.Email{e}))
		}},
	} {
		must(t, c.call())
		before := p.trips()
		must(t, c.call())
		if got := p.trips() - before; got != c.want {
			t.Errorf("%s: got %d trips, want %d", c.what, got, c.want)
		}
	}
}

// Who asks for a page before they know whether they may have it gets none of it
// when they may not.
func TestNothingIsPassedOnBeforeTheJudgeAgrees(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*store.Store{
		"SQLite": storetest.OpenSQLite(t, time.Now), "PostgreSQL": storetest.OpenPostgres(t, time.Now),
	} {
		must(t, s.Update(t.Context(), func(tx beta.Tx) error {
			err := errors.Join(addVendor(tx, "V1"), second(tx.CreateSkill(beta.Skill{ID: "S", Vendor: "V1", Name: "S"})))
			err = errors.Join(err, tx.CreateTest(beta.Test{ID: 1, Skill: "S", Round: 1, Stored: beta.Running}))
			return errors.Join(err, second(tx.AddTesters(1, []beta.Tester{{Test: 1, Number: 1, Email: beta.Email{Given: "a", Key: "a"}}})))
		}))
		no := errors.New("no")
		for _, c := range []struct {
			skill        beta.SkillID
			refuse, want error
			rows         int
		}{{"S", nil, nil, 1}, {"S", no, no, 0}, {"absent", nil, beta.ErrNoRow, 0}, {"not\x00text", nil, beta.ErrNoRow, 0}} {
			for _, ahead := range []bool{false, true} {
				rows := 0
				err := s.View(t.Context(), func(r beta.Reader) error {
					rows = 0
					if err := r.Newest(c.skill, ahead, func(_ beta.Skill, _ beta.Test, err error) error { return cmp.Or(err, c.refuse) }); err != nil {
						return err
					}
					return second(r.Last().Testers(1, "", 10, func(beta.Tester) error { rows++; return nil }))
				})
				if !errors.Is(err, c.want) || rows != c.rows {
					t.Errorf("%s, skill %q, ahead %v: got %v and %d testers, want %v and %d", name, c.skill, ahead, err, rows, c.want, c.rows)
				}
			}
		}
	}
}

// What a view announced as its last read is: a state that is over is not read.
func TestNothingIsReadAfterTheLast(t *testing.T) {
	t.Parallel()
	s := storetest.OpenPostgres(t, time.Now)
	if err := s.View(t.Context(), func(r beta.Reader) error {
		if _, _, err := r.Test(1); err != nil {
			return err
		}
		_, _, first := r.Last().Test(1)
		_, _, again := r.Test(1)
		if first != nil || again == nil {
			t.Errorf("got %v for the last read and %v for one more", first, again)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// What may wait is done all the same, and its failure is the update's.
func TestWhatWaitsIsNotLost(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	s := openAt(t, address)
	must(t, s.Update(t.Context(), func(tx beta.Tx) error {
		return tx.RecordBatch(beta.Batch{ID: "B1"})
	}))
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		for range 2 { // the second has the first one's id
			if err := tx.RecordBatch(beta.Batch{ID: "B2"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || kindOf(err) == beta.Unavailable {
		t.Errorf("got %v, want an error of ours: nothing was stored, and that is known", err)
	}
	rows := storetest.Rows(t, address, "select id from batches")
	if len(rows) != 1 || rows[0][0] != "B1" {
		t.Errorf("got batches %q, want B1 alone", rows)
	}
}

// A hundred statements that wait are sent before they are more.
func TestALongWaitIsCutShort(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	must(t, s.Update(t.Context(), func(tx beta.Tx) error { return tx.SaveTest(beta.Test{ID: 1}) }))
	before := p.trips()
	must(t, s.Update(t.Context(), func(tx beta.Tx) error {
		for range 250 {
			if err := tx.SaveTest(beta.Test{ID: 1}); err != nil {
				return err
			}
		}
		return nil
	}))
	if got := p.trips() - before; got != 3 {
		t.Errorf("got %d trips, want 3", got)
	}
}
