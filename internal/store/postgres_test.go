package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

func openAt(t *testing.T, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, make([]byte, store.KeySize), storetest.NewClock().Now)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// ask runs statements beside the store.
func ask(t *testing.T, address, sql string) {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), address)
	must(t, err)
	defer c.Close(t.Context())
	must(t, c.Exec(t.Context(), sql).Close())
}

func wantVendor(t *testing.T, address, id string, want bool) {
	t.Helper()
	rows := storetest.Rows(t, address, "select id from vendors where id = '"+id+"'")
	if got := len(rows) == 1; got != want {
		t.Errorf("vendor %s: got stored %v, want %v", id, got, want)
	}
}

// Nobody can know what became of a commit whose answer is lost: it must not be
// called a success, and not be tried again as if it had failed.
func TestACommitWithoutAnAnswerIsNoSuccess(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	for when, stored := range map[cutting]bool{before: false, after: true} {
		runs, id := 0, fmt.Sprint("V", when)
		p.cutAt("commit\x00", when)
		err := s.Update(t.Context(), func(tx beta.Tx) error { runs++; return addVendor(tx, id) })
		if kindOf(err) != beta.Unavailable || runs != 1 {
			t.Errorf("cut %d: got %v after %d runs, want Unavailable after one", when, err, runs)
		}
		wantVendor(t, p.direct, id, stored)
	}
	must(t, s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "next") }))
}

// What travels with the commit may have failed before it, and then nothing was
// stored; but an error that somebody in between made up says nothing of that.
func TestAPoolersErrorInPlaceOfAnAnswerIsNoAnswer(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	record := func(id string) (runs int, err error) {
		err = s.Update(t.Context(), func(tx beta.Tx) error { runs++; return tx.RecordBatch(beta.Batch{ID: id}) })
		return runs, err
	}
	must(t, second(record("first"))) // so that it is prepared
	p.cutAt("commit\x00", behind)
	if runs, err := record("B"); kindOf(err) != beta.Unavailable || runs != 1 || !strings.Contains(err.Error(), "not known") {
		t.Errorf("got %v after %d runs, want after one that the outcome is not known", err, runs)
	}
	if rows := storetest.Rows(t, p.direct, "select id from batches where id = 'B'"); len(rows) != 1 {
		t.Errorf("got %d batches, want the one that was stored", len(rows))
	}
}

func TestAConnectionThatIsCutBeforeTheCommitIsReplaced(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	runs := 0
	p.cutAt("begin", before)
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		if runs++; runs == 1 {
			p.cutAt("", after)
		}
		return addVendor(tx, "V1")
	})
	if err != nil || runs != 2 {
		t.Errorf("update: got %v after %d runs, want success after two", err, runs)
	}
	p.cutAt("", before)
	runs = 0
	err = s.View(t.Context(), func(r beta.Reader) error {
		if runs++; runs == 1 {
			p.cutAt("", after)
		}
		return second(r.Vendor("V1"))
	})
	if err != nil || runs != 2 {
		t.Errorf("view: got %v after %d runs, want success after two", err, runs)
	}
}

// What a list passed on may be on its way to the caller already.
func TestAReadThatIsCutInTheMiddleIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	must(t, s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V1") }))
	runs := 0
	err := s.View(t.Context(), func(r beta.Reader) error {
		runs++
		first := second(r.Vendor("V1"))
		p.cutAt("", before)
		return errors.Join(first, second(r.Vendor("V1")))
	})
	if kindOf(err) != beta.Unavailable || runs != 1 {
		t.Errorf("got %v after %d runs, want Unavailable after one", err, runs)
	}
}

func TestWithoutAServerEverythingIsUnavailableUntilItReturns(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	s := openAt(t, p.address)
	p.leave()
	for what, err := range map[string]error{
		"update":  s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V1") }),
		"view":    s.View(t.Context(), func(r beta.Reader) error { return second(r.Vendor("V1")) }),
		"healthy": s.Healthy(t.Context()),
	} {
		var e *beta.Error
		if !errors.As(err, &e) || e.Kind != beta.Unavailable || e.Retry == 0 {
			t.Errorf("%s: got %v, want Unavailable with a time to retry", what, err)
		}
	}
	if err := s.Fault(); err != nil {
		t.Errorf("fault: got %v; a server returns", err)
	}
	p.come()
	must(t, s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V1") }))
	must(t, s.Healthy(t.Context()))
}

// Each of two holds what the other wants. The server ends one, and it is run again.
func TestADeadlockIsNobodysError(t *testing.T) {
	t.Parallel()
	s := storetest.OpenPostgres(t, storetest.NewClock().Now)
	skills := []beta.SkillID{"S0", "S1"}
	must(t, s.Update(t.Context(), func(tx beta.Tx) error {
		err := addVendor(tx, "V1")
		for _, id := range skills {
			err = errors.Join(err, second(tx.CreateSkill(beta.Skill{ID: id, Vendor: "V1", Name: "S"})))
		}
		return err
	}))
	var both, writers sync.WaitGroup
	both.Add(2)
	for i := range skills {
		writers.Go(func() {
			met := sync.OnceFunc(func() { both.Done(); both.Wait() })
			if err := s.Update(t.Context(), func(tx beta.Tx) error {
				_, _, err := tx.LockTest(skills[i])
				met()
				_, _, other := tx.LockTest(skills[1-i])
				return errors.Join(err, other, addVendor(tx, fmt.Sprint("W", i)))
			}); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	writers.Wait()
}

// PostgreSQL rolls back a transaction in which a statement failed, and calls
// its commit a success.
func TestAStatementThatFailedFailsTheUpdate(t *testing.T) {
	t.Parallel()
	s := storetest.OpenPostgres(t, storetest.NewClock().Now)
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		tx.CreateSkill(beta.Skill{ID: "S", Vendor: "nobody"})
		return nil
	})
	if err == nil {
		t.Error("an update was acknowledged that was rolled back")
	}
}

// A plan depends on what is there: one large test among small ones.
func TestNoStatementWalksATableOfPostgreSQL(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	s := openAt(t, address)
	ask(t, address, crowd)
	s.ExplainEverything(t)
	ask(t, address, "analyze")
	s.ExplainEverything(t)
}

const crowd = `
	insert into vendors select 'V' || n, '', 0 from generate_series(1, 1000) n;
	insert into skills select 'S' || n, 'V' || n, '', 0, n from generate_series(1, 1000) n;
	insert into tests select n, 'S' || n, 1, 'RUNNING', '', 0, n, 0, 0, 0, 0 from generate_series(1, 1000) n;
	insert into testers select 1, 'k' || n, n, '', 'INVITED', 0, 0, 0, 0, 0, 0 from generate_series(1, 20000) n;
	insert into testers select n, 'k', 1, '', 'INVITED', 0, 0, 0, 0, 0, 0 from generate_series(2, 1000) n;
	insert into former_testers select test_id, number, email_key, '', 0, 0 from testers;
	insert into suppressions select test_id, email_key, '', 0 from testers;
	insert into refusals select 'V1', email_key, '', 0 from testers where test_id = 1;
	insert into mails select test_id, number, 1, '', email_key, '', '', '', '', 1, 0, number, case when number % 2 = 0 then 'sent' else 'queued' end, '', 0, 0, 0, 0 from testers;
	insert into feedback select test_id, number, 1, '', 0, '', 0 from testers;
	insert into batches select 'b' || test_id || '-' || number, test_id, '', '', '', '', '', 0, '', number, number + number % 2 from testers`

func TestSeveralMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	var mu sync.Mutex
	var applied []string
	var openers sync.WaitGroup
	for range 4 {
		openers.Go(func() {
			s, err := store.Open(t.Context(), address, make([]byte, store.KeySize), time.Now)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer s.Close()
			mu.Lock()
			defer mu.Unlock()
			applied = append(applied, s.Migrated()...)
		})
	}
	openers.Wait()
	if len(applied) == 0 || len(slices.Compact(slices.Sorted(slices.Values(applied)))) != len(applied) {
		t.Errorf("applied %q, want each migration once", applied)
	}
}

// During an upgrade from node to node old code meets a newer schema.
func TestOldCodeRunsOnANewSchema(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	s := openAt(t, address)
	read := func() error { return s.View(t.Context(), func(r beta.Reader) error { return second(r.Vendor("V1")) }) }
	write := func(id string) error {
		return s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, id) })
	}
	must(t, errors.Join(write("V1"), read())) // so that both are prepared
	ask(t, address, `
		insert into migrations values ('9999_later.postgres.sql', 0);
		alter table vendors add column later text not null default 'x';
		alter table vendors alter column name type varchar`)
	if err := errors.Join(read(), write("V2")); err != nil {
		t.Errorf("with its statements prepared before: %v", err)
	}
	s = openAt(t, address)
	if err := errors.Join(read(), write("V3")); err != nil || len(s.Migrated()) > 0 {
		t.Errorf("opened anew: %v, applied %q", err, s.Migrated())
	}
}

func TestCommitsReachTheDiskWhateverTheServersDefault(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"off": "on", "remote_apply": "remote_apply"} {
		s := openAt(t, storetest.NewPostgres(t)+"&synchronous_commit="+given)
		if got := s.Setting(t, "synchronous_commit"); got != want {
			t.Errorf("synchronous_commit %s: got %s, want %s", given, got, want)
		}
	}
}

// The answer to a commit that was broken off while it waited for the standby
// says COMMIT all the same.
func TestACommitThatDidNotWaitForItsStandbyIsNoSuccess(t *testing.T) {
	t.Parallel()
	address := storetest.NewServer(t, "synchronous_standby_names=nobody", "synchronous_commit=local")
	s := openAt(t, address+"&search_path=public")
	waiting, over := openAt(t, address+"&synchronous_commit=on&application_name=waiting"), make(chan error)
	go func() {
		over <- waiting.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V1") })
	}()
	ask(t, address, `
		do $$ begin
			loop
				perform pg_cancel_backend(pid) from pg_stat_activity where application_name = 'waiting' and wait_event = 'SyncRep';
				exit when found;
				perform pg_stat_clear_snapshot(), pg_sleep(0.01);
			end loop;
		end $$`)
	if err := <-over; kindOf(err) != beta.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
	must(t, s.View(t.Context(), func(r beta.Reader) error { return second(r.Vendor("V1")) }))
}

func TestWhatIsWrongWithAServerIsSaid(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	ask(t, address, "create database latin encoding 'LATIN1' locale 'C' template template0")
	for address, want := range map[string]string{
		strings.Replace(address, "/postgres?", "/latin?", 1):   "must be UTF8",
		strings.Replace(address, "/postgres?", "/missing?", 1): `database "missing" does not exist`,
		strings.Replace(address, "user=postgres", "user=x", 1): `role "x" does not exist`,
	} {
		s, err := store.Open(context.Background(), address, make([]byte, store.KeySize), time.Now)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || store.MayPass(err) {
			t.Errorf("%s: got %v, may pass %v; want %q, which does not", address, err, store.MayPass(err), want)
		}
	}
}
