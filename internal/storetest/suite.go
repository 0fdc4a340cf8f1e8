package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tryout/internal/beta"
	"tryout/internal/store"
)

// Engine is a database that a store can be on.
type Engine struct {
	Open    func(t testing.TB, now func() time.Time) *store.Store // an empty one that ends with the test
	Writers int                                                   // how many can write at once
}

// The engines.
var (
	SQLite   = Engine{OpenSQLite, 1}
	Postgres = Engine{OpenPostgres, 16}
	Later    = Engine{OpenLater, 16} // PostgreSQL, during an upgrade
)

// Run holds a database to everything that the domain, the token check and the
// outbox were promised of a store.
func Run(t *testing.T, e Engine) {
	for _, part := range []struct {
		name  string
		cases []Case
	}{
		{"skills", skillCases},
		{"tests", testCases},
		{"testers", testerCases},
		{"history", historyCases},
		{"mail", mailCases},
		{"feedback", feedbackCases},
		{"claims", claimCases},
		{"attempts", attemptCases},
		{"transactions", transactionCases},
		{"group commit", groupCases},
		{"races", raceCases},
		{"tokens", tokenCases},
		{"clients", clientCases},
		{"codes", codeCases},
		{"people", peopleCases},
		{"sign-ins", signInCases},
		{"keys", keyCases},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range part.cases {
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					c.Run(newBench(t, e))
				})
			}
		})
	}
}

// Case is one rule that every database must keep.
type Case struct {
	Name string
	Run  func(*bench)
}

// bench is a store under test that knows one vendor and one skill, and a clock.
type bench struct {
	*testing.T
	*store.Store
	clock   *Clock
	ctx     context.Context
	writers int
}

const (
	vendor beta.VendorID = "V1"
	skill  beta.SkillID  = "S1"
	round  beta.TestID   = 1001
)

func newBench(t *testing.T, e Engine) *bench {
	t.Helper()
	clock := NewClock()
	b := &bench{t, e.Open(t, clock.Now), clock, t.Context(), e.Writers}
	b.update(func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: vendor, Name: "Acme"}, Start)
		return errors.Join(err, second(tx.CreateSkill(beta.Skill{ID: skill, Vendor: vendor, Name: "Quiz", CreatedAt: Start})))
	})
	return b
}

// withTest is for cases that need a test of the skill: there is one, running.
func withTest(run func(*bench)) func(*bench) {
	return func(b *bench) {
		b.update(func(tx beta.Tx) error {
			test := beta.Test{ID: round, Skill: skill, Round: 1, Stored: beta.InDraft, CreatedAt: Start}
			if err := tx.CreateTest(test); err != nil {
				return err
			}
			test.Stored, test.ExpiresAt = beta.Running, Start.Add(90*24*time.Hour)
			return tx.SaveTest(test)
		})
		run(b)
	}
}

func (b *bench) update(fn func(beta.Tx) error) {
	b.Helper()
	b.ok(b.Update(b.ctx, fn))
}

func (b *bench) view(fn func(beta.Reader) error) {
	b.Helper()
	b.ok(b.View(b.ctx, fn))
}

// ok does not end the test at once: it is also called inside of transactions,
// which may run on another goroutine.
func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Errorf("unexpected error: %v", err)
	}
}

// want compares what was stored with what is read; an empty list is as good as none.
func (b *bench) want(what string, got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantError checks that err is the one of target.
func (b *bench) wantError(what string, err, target error) {
	b.Helper()
	if !errors.Is(err, target) {
		b.Errorf("%s: got error %v, want %v", what, err, target)
	}
}

// add stores testers of the round, numbered from first on, as keys at x.test.
func (b *bench) add(first int64, names ...string) []beta.Tester {
	b.Helper()
	testers := make([]beta.Tester, len(names))
	for i, name := range names {
		testers[i] = tester(first+int64(i), name+"@x.test")
	}
	b.update(func(tx beta.Tx) error { return second(tx.AddTesters(round, testers)) })
	return testers
}

func tester(number int64, key string) beta.Tester {
	return beta.Tester{
		Test: round, Number: number, Email: beta.Email{Given: key, Key: key},
		State: beta.Invited, AssociatedAt: Start,
	}
}

// list reads all testers of the round, by key.
func (b *bench) list() (testers []beta.Tester) {
	b.Helper()
	b.view(func(r beta.Reader) (err error) {
		testers, err = r.TestersAfter(round, -1, 10_000)
		return err
	})
	slices.SortFunc(testers, func(a, b beta.Tester) int { return strings.Compare(a.Email.Key, b.Email.Key) })
	return testers
}

// names returns prefix0000, prefix0001 and so on.
func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%04d", prefix, i)
	}
	return list
}

func second[T any](_ T, err error) error { return err }
