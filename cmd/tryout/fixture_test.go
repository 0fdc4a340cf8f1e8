package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/storetest"
)

// world is what the corpus speaks of, made once: vendors A and B, skills with
// and without a test, tokens good and bad, invitation links alive and dead.
type world struct {
	dir    string
	values map[string]string // {{NAME}} :: what stands for it
}

// fixture is a copy of the world on a server of its own that sends no mail.
type fixture struct {
	*program
	database string
	values   map[string]string
}

const fixtureSkill = "amzn1.ask.skill.fixture"

func newWorld(t *testing.T) world {
	t.Helper()
	dir := t.TempDir()
	if storetest.OnPostgres() { // no files to copy: each fixture is a world of its own
		return world{dir, nil}
	}
	f := buildFixture(t, dir)
	f.seed(t)
	f.public.Serve(stopped()) // which drains and closes
	f.close()
	return world{dir, f.values}
}

// fixture returns a server on a copy of the world.
func (w world) fixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	f := buildFixture(t, dir)
	if f.values = w.values; f.values == nil {
		f.seed(t)
	}
	f.serve(t)
	return f
}

func buildFixture(t *testing.T, dir string) *fixture {
	t.Helper()
	return buildFixtureWith(t, dir, foreignSettings{})
}

func buildFixtureWith(t *testing.T, dir string, others foreignSettings) *fixture {
	t.Helper()
	s := settings{listen: "127.0.0.1:0", home: testHome(t, dir), mailFrom: "beta@tryout.test", maxInFlight: 64, drainGrace: time.Nanosecond}
	s.rules.Cap, s.foreign = 600, others
	p, err := build(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{program: p, database: storetest.Database(t, dir)}
}

// stopped is a context that has ended.
func stopped() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return ctx
}

func (f *fixture) serve(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.public.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		f.close()
	})
}

func (f *fixture) seed(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	by := beta.Caller{Vendor: "A", Write: true}
	for _, v := range []beta.VendorID{"A", "B"} {
		must(f.service.CreateVendor(ctx, beta.Vendor{ID: v, Name: string(v)}))
	}
	for _, id := range []beta.SkillID{fixtureSkill, "a/b", "nobeta"} {
		must(f.service.CreateSkill(ctx, beta.Skill{ID: id, Vendor: "A", Name: "Skill"}))
	}
	for _, id := range []beta.SkillID{fixtureSkill, "a/b"} {
		must(f.service.CreateTest(ctx, by, id, ""))
		_, err := f.service.StartTest(ctx, by, id)
		must(err)
	}
	gone, err := beta.ParseEmail("gone@x.test")
	must(err)
	emails := []beta.Email{gone}
	for _, s := range []string{"t1@x.test", "t2@x.test", "t3@x.test"} {
		e, err := beta.ParseEmail(s)
		must(err)
		emails = append(emails, e)
	}
	_, err = f.service.AddTesters(ctx, by, fixtureSkill, emails)
	must(err)
	_, err = f.service.RemoveTesters(ctx, by, fixtureSkill, emails[:1])
	must(err)
	f.name(t)
}

// name gives the placeholders their values.
func (f *fixture) name(t *testing.T) {
	t.Helper()
	token := func(vendor beta.VendorID, scope string, ttl time.Duration) string {
		token, err := f.access.Issue(t.Context(), vendor, scope, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	a := token("A", lwa.ScopeWrite, time.Hour)
	list := "/v1/skills/" + fixtureSkill + "/betaTest/testers"
	f.values = map[string]string{
		"A": a, "A_READ": token("A", lwa.ScopeRead, time.Hour), "B": token("B", lwa.ScopeWrite, time.Hour),
		"A_MINUS_LAST": a[:len(a)-1], "EXPIRED": token("A", lwa.ScopeWrite, -time.Second),
		"SKILL": fixtureSkill, "SKILL_UPPER": strings.ToUpper(fixtureSkill), "SKILL_NOBETA": "nobeta",
		"LIST": list, "ADD": list + "/add",
	}
	next := f.nextToken(t, list, a)
	f.values["NEXT"], f.values["NEXT_TRUNC"] = next, next[:len(next)-1]
	f.nameLinks(t)
	f.nameClients(t)
}

func (f *fixture) nameLinks(t *testing.T) {
	t.Helper()
	links, _, err := f.keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	test, _, err := f.service.BetaTest(t.Context(), beta.Caller{Vendor: "A"}, fixtureSkill)
	if err != nil {
		t.Fatal(err)
	}
	added := f.tester(t, test.ID).AssociatedAt.UnixMilli()
	link := func(at beta.Place, number int64) string {
		return "/" + string(at) + "/" + links.Text(at, beta.Link{Test: test.ID, Tester: number, Added: added})
	}
	invite := link(beta.InvitationPlace, 2)
	f.values["INVITE"] = invite
	f.values["INVITE_REMOVED"], f.values["INVITE_UNKNOWN"] = link(beta.InvitationPlace, 1), link(beta.InvitationPlace, 99)
	f.values["UNSUB"] = link(beta.UnsubscribePlace, 2)
	flipped := []byte(invite)
	flipped[len(flipped)-2] ^= 1
	f.values["INVITE_BITFLIP"] = string(flipped)
}

// tester returns t1; the others were added in the same call.
func (f *fixture) tester(t *testing.T, id beta.TestID) (tester beta.Tester) {
	t.Helper()
	err := f.store.View(t.Context(), func(r beta.Reader) (err error) {
		tester, _, err = r.Tester(id, "t1@x.test")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tester
}

func (f *fixture) nextToken(t *testing.T, list, token string) string {
	t.Helper()
	req := httptest.NewRequest("GET", list+"?maxResults=1", nil)
	req.Header.Set("Authorization", token)
	w := httptest.NewRecorder()
	f.edge.ServeHTTP(w, req)
	var page struct{ NextToken string }
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || page.NextToken == "" {
		t.Fatalf("no nextToken in %s: %v", w.Body, err)
	}
	return page.NextToken
}

// expand puts the values in place of {{NAME}}.
func (f *fixture) expand(s string) string {
	for name, value := range f.values {
		s = strings.ReplaceAll(s, "{{"+name+"}}", value)
	}
	return s
}
