package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// Whatever happened, what the writer knows is what it would read.
func TestWhatTheWriterKnowsIsWhatItWouldRead(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.createSkill()
	elsewhere := time.FixedZone("elsewhere", 3600)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"a test is created", func() { s.change(func(tx beta.Tx) error { return tx.CreateTest(firstTest) }) }},
		{"it is saved", func() { s.save(func(test *beta.Test) { test.Testers, test.Numbers = 1, 1 }) }},
		{"and again", func() { s.save(func(test *beta.Test) { test.Testers, test.Numbers, test.Queued = 2, 3, 1 }) }},
		{"with a time that is stored less exactly", func() {
			s.save(func(test *beta.Test) {
				test.Stored, test.ExpiresAt = beta.Running, time.Date(2027, 1, 2, 3, 4, 5, 678_901_234, elsewhere)
				test.Round, test.CreatedAt = 7, test.ExpiresAt // which it does not save
			})
		}},
		{"another statement writes it", func() {
			must(t, s.engine.update(t.Context(), func(c conn) error {
				_, err := c.exec("update tests set testers = 77")
				return err
			}))
		}},
		{"a write is undone", func() {
			undone := s.member(func(tx beta.Tx) error {
				_, test, err := tx.LockTest("S")
				must(t, err)
				test.Testers = 1000
				must(t, tx.SaveTest(test))
				return errRefused
			})
			s.together(undone)
		}},
		{"it is saved without its skill", func() {
			s.change(func(tx beta.Tx) error { return tx.SaveTest(beta.Test{ID: 1, Numbers: 9}) })
		}},
		{"another process writes it", func() { s.elsewhere("update tests set testers = 78") }},
		{"another process renames the skill", func() { s.elsewhere("update skills set name = 'Other'") }},
		{"the next round begins", func() {
			next := firstTest
			next.ID, next.Round = 2, 2
			s.change(func(tx beta.Tx) error { return tx.CreateTest(next) })
		}},
		{"the last round is saved", func() {
			s.change(func(tx beta.Tx) error {
				_, _, err := tx.LockTest("S")
				must(t, err)
				old := firstTest
				old.Testers = 5
				return tx.SaveTest(old)
			})
		}},
	} {
		step.do() // when it was just read
		s.wantKnown(step.name)
	}
}

var firstTest = beta.Test{
	ID: 1, Skill: "S", Round: 1, Stored: beta.InDraft, Language: "de", FeedbackEmail: "team@studio.test",
	CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
}

// A change that follows another reads nothing of the test.
func TestTheWriterKnowsWhatItWroteItself(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.createSkill()
	s.change(func(tx beta.Tx) error { return tx.CreateTest(firstTest) })
	for range 3 {
		s.save(func(test *beta.Test) { test.Testers++ })
		w := s.engine.(*sqliteEngine).writer
		if w.known.as != s.engine.mark() || len(w.known.tests) != 1 {
			t.Fatalf("after a change %d tests are known, of today's state %v", len(w.known.tests), w.known.as == s.engine.mark())
		}
	}
}

// Who is undone alone leaves nothing behind for those who follow in the group.
func TestAWriteThatIsUndoneAloneIsNotKnown(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.createSkill()
	s.change(func(tx beta.Tx) error { return tx.CreateTest(firstTest) })
	add := func(tx beta.Tx) error {
		_, test, err := tx.LockTest("S")
		must(t, err)
		test.Testers++
		return tx.SaveTest(test)
	}
	refused := func(tx beta.Tx) error {
		must(t, add(tx))
		return errRefused
	}
	s.together(s.member(add), s.member(refused), s.member(add))
	s.wantKnown("a write is undone beside others")
	_, test, err := s.SkillTest(t.Context(), "S")
	must(t, err)
	if test.Testers != 2 {
		t.Errorf("two of three added one: got %d", test.Testers)
	}
}

// What somebody wished counts from the next add on, whoever wrote it down.
func TestAWishIsNotOverlooked(t *testing.T) {
	t.Parallel()
	const person = "ana@x.test"
	for name, insert := range map[string]string{
		"suppression": "insert into suppressions (test_id, email_key, reason, created_at) values (1, $1, 'DECLINED', 1)",
		"refusal":     "insert into refusals (vendor_id, email_key, reason, created_at) values ('V', $1, 'COMPLAINED', 1)",
		"erasure":     "insert into forgotten (digest, created_at) values ($1, 1)",
	} {
		for who, write := range map[string]func(s trial, arg any){
			"ours": func(s trial, arg any) {
				must(s, s.engine.update(s.Context(), func(c conn) error {
					_, err := c.exec(insert, arg)
					return err
				}))
			},
			"another's": func(s trial, arg any) {
				c, err := sqlite.OpenConn(filepath.Join(s.dir, "tryout.db"), sqlite.OpenReadWrite)
				must(s, err)
				_, err = sqliteConn{newLink(c)}.exec(insert, arg)
				must(s, errors.Join(err, c.Close()))
			},
		} {
			s := openTrial(t)
			s.createSkill()
			s.change(func(tx beta.Tx) error { return tx.CreateTest(firstTest) })
			if n := s.wishes(person); n != 0 {
				t.Fatalf("%d wishes before there was one", n)
			}
			arg := any(person)
			if name == "erasure" {
				arg = s.digest(person)
			}
			if write(s, arg); s.wishes(person) != 1 {
				t.Errorf("a %s, %s, is overlooked", name, who)
			}
		}
	}
}

func (t trial) wishes(person string) (n int) {
	t.Helper()
	t.change(func(tx beta.Tx) error {
		some, err := tx.Wishes(1, "V", []string{person})
		n = len(some)
		return err
	})
	return n
}

// createSkill creates S.
func (t trial) createSkill() {
	t.Helper()
	t.change(func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: "V", Name: "Studio"}, time.Now())
		must(t, err)
		_, err = tx.CreateSkill(beta.Skill{ID: "S", Vendor: "V", Name: "Facts", CreatedAt: time.Now()})
		return err
	})
}

// change is an update that goes well.
func (t trial) change(fn func(beta.Tx) error) {
	t.Helper()
	must(t, t.Update(t.Context(), fn))
}

// save changes the newest test of S.
func (t trial) save(how func(*beta.Test)) {
	t.Helper()
	t.change(func(tx beta.Tx) error {
		_, test, err := tx.LockTest("S")
		must(t, err)
		how(&test)
		return tx.SaveTest(test)
	})
}

// elsewhere writes as another process does.
func (t trial) elsewhere(sql string) {
	t.Helper()
	c, err := sqlite.OpenConn(filepath.Join(t.dir, "tryout.db"), sqlite.OpenReadWrite)
	must(t, err)
	must(t, exec(c, sql))
	must(t, c.Close())
}

// wantKnown compares what is known of S with what stands in the database.
func (t trial) wantKnown(after string) {
	t.Helper()
	t.change(func(tx beta.Tx) error {
		skill, test, err := tx.LockTest("S")
		must(t, err)
		readSkill, readTest, err := tx.SkillTest("S")
		must(t, err)
		if diff := cmp.Diff(tested{readSkill, readTest}, tested{skill, test}, cmp.AllowUnexported(tested{})); diff != "" {
			t.Errorf("after %s the writer knows something else than it would read (-read +known):\n%s", after, diff)
		}
		return nil
	})
}
