package main

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/store"
	"tryout/internal/storetest"
)

func TestAServerWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	primary := storetest.NewPrimary(t)
	site := newSiteOn(t, home{postgres: primary.Address, master: make([]byte, store.KeySize)}, openInbox(t).Addr().String())
	primary.Crash()
	p, other := site.begin(), site.begin()
	for _, s := range []*server{p, other} {
		if said := s.log.await(t, "waiting for the database")["err"].(string); !strings.Contains(said, "connection refused") {
			t.Errorf("waits because of %q", said)
		}
		if status, text := s.operators("/readyz"); status != 503 || !strings.Contains(text, "the database was not opened yet") {
			t.Errorf("/readyz while it waits: %d %s", status, text)
		}
		if status, _ := s.operators("/livez"); status != 200 {
			t.Errorf("/livez while it waits: %d", status)
		}
	}
	other.stop() // and wants it to end well
	primary.Return()
	p.listens()
	p.must(200, "GET", "/v1/vendors", "")
	until(t, "it is ready", func() bool { return readiness(p) == 200 })
}

func TestAServerDoesNotWaitForWhatDoesNotCome(t *testing.T) {
	t.Parallel()
	address := storetest.NewPostgres(t)
	slow := withClock(t, address)
	storetest.Rows(t, address, "update off set ms = 120000")
	for address, want := range map[string]string{
		strings.Replace(address, "user=postgres", "user=x", 1): `role "x" does not exist`,
		strings.Replace(address, "/postgres?", "/missing?", 1): `database "missing" does not exist`,
		address + "&x=y": `unrecognized configuration parameter "x"`,
		slow:             "the clocks differ by more than 1m0s: it is ",
	} {
		args := []string{"serve", "--database", address, "--master-key", strings.Repeat("00", store.KeySize), "--listen", "127.0.0.1:0", "--smtp", "smtp://127.0.0.1:1", "--mail-from", "beta@tryout.test"}
		var errs bytes.Buffer
		if code := run(t.Context(), args, streams{&errs, &errs}); code != 1 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s; want 1, %q", address, code, &errs, want)
		}
	}
}

// withClock is the address of a schema for which the server's clock is off by as
// many milliseconds as its table says.
func withClock(t *testing.T, address string) string {
	t.Helper()
	storetest.Rows(t, address, `
		create table off (ms bigint);
		insert into off values (0);
		create function clock_timestamp() returns timestamptz language sql volatile as
			$$ select pg_catalog.clock_timestamp() + (select ms from off) * interval '1 ms' $$`)
	return address + url.QueryEscape(",pg_catalog")
}

// A clock that goes wrong while the server runs: nothing is done by it.
func TestAServerWhoseClockIsWrongLeavesTheMailToOthers(t *testing.T) {
	t.Parallel()
	address, box := storetest.NewPostgres(t), openInbox(t)
	site := newSiteOn(t, home{postgres: withClock(t, address), master: make([]byte, store.KeySize)}, box.Addr().String())
	p := site.serve()
	p.startTest()
	storetest.Rows(t, address, "update off set ms = -61000")
	if level := p.log.await(t, "clocks")["level"]; level != "ERROR" {
		t.Errorf("said as %v, want ERROR", level)
	}
	if status, text := p.operators("/readyz"); status != 503 || !strings.Contains(text, "the clocks differ by more than 1m0s") {
		t.Errorf("/readyz: %d %s", status, text)
	}
	p.add("ann@example.com")
	p.log.await(t, "claim mail")
	if n := len(box.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	storetest.Rows(t, address, "update off set ms = 59000")
	p.log.await(t, "the clocks agree again")
	if status := readiness(p); status != 200 {
		t.Errorf("/readyz: %d", status)
	}
	until(t, "the mail is sent", func() bool { return len(box.Messages()) == 1 })
}

// By a clock that is ahead, a test would be over.
func TestAServerWhoseClockIsWrongEndsNoTest(t *testing.T) {
	t.Parallel()
	var database string
	w := newTwins(t, func(s *settings) { s.rules.Life, database = time.Millisecond, s.postgres })[0]
	w.must(201, "POST", tests, "{}")
	w.must(202, "POST", tests+"/start", "")
	state := func() string { return storetest.Rows(t, database, "select status from tests")[0][0] }
	w.replicas.note(&clocksDiffer{})
	if swept := w.doTimely(t.Context(), true); swept || state() != "RUNNING" {
		t.Errorf("with a wrong clock: %s, swept %v", state(), swept)
	}
	w.replicas.note(nil)
	if swept := w.doTimely(t.Context(), true); !swept || state() == "RUNNING" {
		t.Errorf("with the right one: %s, swept %v", state(), swept)
	}
}
