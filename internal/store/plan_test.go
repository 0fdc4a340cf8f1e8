package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// explaining is a connection that has each statement explained before it is
// run, and objects to any that walks a whole table.
type explaining struct {
	conn
	t       *testing.T
	dialect string
}

func (e explaining) exec(sql string, args ...any) (changed int64, err error) {
	e.explain(sql, args)
	err = e.apart(func() error { changed, err = e.conn.exec(sql, args...); return err })
	return changed, err
}

func (e explaining) query(fn func(row) error, sql string, args ...any) error {
	e.explain(sql, args)
	return e.apart(func() error { return e.conn.query(fn, sql, args...) })
}

func (e explaining) later(fn func(row) error, sql string, args ...any) error {
	return atOnce(e, fn, sql, args)
}

// apart runs a statement whose failure is to leave the transaction as it was.
func (e explaining) apart(run func() error) error {
	if _, err := e.conn.exec("savepoint apart"); err != nil {
		return err
	}
	if err := run(); err != nil {
		_, undo := e.conn.exec("rollback to apart")
		return errors.Join(err, undo)
	}
	_, err := e.conn.exec("release apart")
	return err
}

func (e explaining) explain(sql string, args []any) {
	e.t.Helper()
	if strings.HasPrefix(sql, "lock ") {
		return // which cannot be explained
	}
	explain, judge := "explain query plan "+sql, judgeSQLite
	if tx, is := e.conn.(*postgresTx); is {
		explain, judge = "explain "+sql, judgePostgres
		if !lists(sql) {
			explain, args = e.kept(tx, sql, args), nil
		}
	}
	err := e.conn.query(func(r row) error {
		if step, bad := judge(r, sql); bad {
			e.t.Errorf("%s in\n%s", step, sql)
		}
		return nil
	}, explain, args...)
	if err != nil {
		e.t.Errorf("explain %s: %v", sql, err)
	}
}

// kept explains the plan that a connection keeps of a statement, whatever its
// arguments: that is the one which is run.
func (e explaining) kept(tx *postgresTx, sql string, args []any) string {
	p, err := tx.prepared(sql, args)
	if err != nil {
		e.t.Fatalf("prepare %s: %v", sql, err)
	}
	if _, err := tx.exec("set local plan_cache_mode to default"); err != nil { // after a list of keys
		e.t.Fatal(err)
	}
	tx.anew = false
	if len(args) == 0 {
		return "explain execute " + p.Name
	}
	return "explain execute " + p.Name + "(" + strings.Repeat("null, ", len(args)-1) + "null)"
}

func judgeSQLite(r row, sql string) (step string, bad bool) {
	step = r.text(3)
	walks := strings.HasPrefix(step, "SCAN ") && !slices.ContainsFunc(small, func(s string) bool { return strings.HasPrefix(step, s) })
	return step, walks || strings.Contains(step, "TEMP B-TREE") || strings.HasSuffix(step, "USING PRIMARY KEY (test_id=?)") && !ordered(sql)
}

func judgePostgres(r row, sql string) (step string, bad bool) {
	step = strings.TrimSpace(r.text(0))
	part := strings.HasPrefix(step, "Index Cond: (test_id = ") && !strings.Contains(step, " AND ") && !ordered(sql)
	return step, part || strings.HasPrefix(step, "->  Sort") || strings.Contains(step, "Seq Scan")
}

// small is what may be walked: what a call brought along or chose, the index of the few
// tests that are just starting or ending, the forgotten, of whom only the
// first is asked for, those who can sign in, whom an operator lists, no table at
// all, and the tests, but not their testers, to erase a person.
var small = []string{"SCAN CONSTANT ROW", "SCAN jsonb_each", "SCAN wanted", "SCAN due", "SCAN t USING INDEX tests_in_steps", "SCAN forgotten", "SCAN people USING INDEX", "SCAN every"}

// ordered reports whether a statement reads a test in its own order and stops
// at its limit: a page that begins at the first address.
func ordered(sql string) bool {
	return strings.Contains(sql, "order by") && strings.Contains(sql, "limit")
}

// With a million testers, a statement that walks a table or a test stops the
// server for everybody.
func TestNoStatementWalksATable(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), t.TempDir(), make([]byte, KeySize), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.ExplainEverything(t)
}

// ExplainEverything has every statement explained, and holds that none walks
// more than it must.
func (s *Store) ExplainEverything(t *testing.T) {
	defer func(e engine) { s.engine = e }(s.engine)
	s.engine = explainingEngine{s.engine, t}
	s.engine.update(t.Context(), func(c conn) error {
		callEverything(s.on(c))
		return errors.New("undo everything")
	})
	s.ClaimMail(t.Context(), "claim", 4, time.Minute)
	s.SettleMail(t.Context(), beta.Attempt{
		Claim: "claim", Mail: beta.Mail{ID: beta.MailID{Test: 1, Tester: 1, Seq: 1}},
		Outcome: beta.Settlement{State: beta.MailSent, SettledAt: time.Now()},
	})
	s.SettleMail(t.Context(), beta.Attempt{
		Claim: "claim", Mail: beta.Mail{ID: beta.MailID{Test: 1, Tester: 1, Seq: 1}},
		Outcome: beta.Settlement{State: beta.MailDeferred, Reply: beta.Reply{Code: 450}},
	})
	s.NextMail(t.Context())
	s.LapseClaims(t.Context())
	s.CreateClient(t.Context(), lwa.Client{ID: "c", Vendor: "v"})
	s.RotateClient(t.Context(), "c", lwa.Digest{})
	s.DropGrants(t.Context(), "c", 10)
	s.RevokeClient(t.Context(), "c", time.Now())
	s.RevokeToken(t.Context(), lwa.Digest{}, time.Now())
	s.EndSession(t.Context(), lwa.Digest{})
}

// callEverything runs every statement once; what they answer does not matter here.
func callEverything(t tx) {
	tester := []beta.Tester{{Test: 1, Number: 1, Email: beta.Email{Given: "a@x.test", Key: "a@x.test"}}}
	t.Vendor("v")
	t.Skill("s")
	t.Skills("v", "", 10)
	t.SkillTest("s")
	t.LockTest("s")
	t.Test(1)
	t.SaveTest(beta.Test{ID: 1})
	t.DueTests(time.Now(), 10)
	t.Tester(1, "a")
	t.TesterByNumber(1, 1)
	t.Testers(1, "", 10, func(beta.Tester) error { return nil })
	t.TestersAfter(1, 0, 10)
	t.FindTesters(1, []string{"a"})
	t.AddTesters(1, tester)
	t.SaveTesters(1, tester)
	t.Addresses(1, []int64{1})
	t.RemoveTesters(1, tester, time.Now())
	t.RememberStrangers(1, tester, time.Now())
	t.Suppress(1, "a", beta.BecauseLeft, time.Now())
	t.Wishes(1, "v", []string{"a"})
	t.Suppress(1, "a", "", time.Now())
	t.QueueMails([]beta.Mail{{ID: beta.MailID{Test: 1, Tester: 1, Seq: 1}}})
	t.TesterMails(1, 1)
	t.AddFeedback(beta.Feedback{ID: beta.MailID{Test: 1, Tester: 1, Seq: 1}})
	t.TesterFeedback(1, 1)
	t.Feedback(1, beta.FeedbackMark{}, 10)
	t.TestOfRound("s", 1)
	t.Batch("b")
	t.BatchMails(beta.Batch{ID: "b", Test: 1}, []int64{1})
	t.TesterBatches(1, 1, 10)
	t.RequeueMails([]beta.MailRecord{{}}, time.Now())
	t.NoteReturn(beta.MailID{Test: 1, Tester: 1, Seq: 1}, beta.MailSent, beta.Reply{State: beta.MailBounced})
	t.Former(1, "a")
	t.FormerTester(1, 1)
	t.CreateVendor(beta.Vendor{ID: "v"}, time.Now())
	t.Refuse("v", "a", beta.BecauseUnsubscribed, time.Now())
	t.NotBlocked("v", "a", beta.BecauseUnsubscribed)
	t.Refusals("v", []string{"a"})
	t.Refuse("v", "a", "", time.Now())
	t.Forget("a", false, time.Now())
	t.Forget("a", true, time.Now())
	t.TestsOf("a", 10)
	t.saveLogs(map[holder]string{{}: "log"})
	t.AddTesters(1, tester)
	t.Erase(1, "a@x.test")
	callAccess(t)
	callSignIn(t)
}

// callSignIn is callEverything for what signing in asks.
func callSignIn(t tx) {
	t.createPerson(signin.Person{ID: "p"})
	t.people()
	t.person("p")
	t.personOf("a@x.test")
	t.saveRole("p", "v", lwa.Owner)
	t.part("p", "v")
	t.ask(lwa.Digest{}, signin.SignIn{})
	t.signIn(lwa.Digest{})
	t.writeCode(0, time.Now(), func(signin.SignIn) bool { return true })
	t.countTry(lwa.Digest{})
	t.beginSession(lwa.Digest{}, signin.Person{ID: "p"}, signin.Session{})
	t.session(lwa.Digest{}, time.Now())
	t.anyOver(time.Now(), time.Now())
	t.dropOver(time.Now(), time.Now(), 10)
	t.dropSignIns("a@x.test")
	t.dropAsked([]beta.TestID{1})
	t.removePerson("p")
}

// callAccess is callEverything for what access asks.
func callAccess(t tx) {
	t.saveCode(lwa.Digest{}, lwa.Code{})
	t.lockCode(lwa.Digest{})
	t.spend(lwa.Digest{}, lwa.Digest{})
	t.savePair(lwa.Pair{})
	t.saveToken(lwa.Digest{}, lwa.Token{})
	t.token(lwa.Digest{})
	t.grant(lwa.Digest{})
	t.revokeGrant(lwa.Digest{}, time.Now())
	t.client("c")
	t.clients("v")
	for _, table := range swept {
		t.anyEnded(table, time.Now())
		t.deleteEnded(table, time.Now(), 10)
	}
}

// explainingEngine hands out connections that explain, for as long as all of it takes.
type explainingEngine struct {
	engine
	t *testing.T
}

func (e explainingEngine) view(ctx context.Context, fn func(conn) error) error {
	return e.engine.survey(ctx, func(c conn) error { return fn(explaining{c, e.t, e.dialect().name}) })
}

func (e explainingEngine) single(ctx context.Context, fn func(conn) error) error {
	return e.view(ctx, fn)
}

func (e explainingEngine) glance(ctx context.Context, mark beta.Mark) *glance {
	g := e.engine.glance(ctx, mark)
	g.conn = explaining{g.conn, e.t, e.dialect().name}
	return g
}

func (e explainingEngine) update(ctx context.Context, fn func(conn) error) error {
	return e.engine.upgrade(ctx, func(c conn) error { return fn(explaining{c, e.t, e.dialect().name}) })
}
