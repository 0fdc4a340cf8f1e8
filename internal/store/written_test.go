package store

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// A commit of ours takes from the memo what was read from the tables that it
// wrote, and nothing else.
func TestACommitOfOursIsForgottenByWhatWasReadFromItsTables(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.Fill(t, 3)
	for table, column := range map[string]string{
		"tokens": "expires_at", "grants": "created_at", "clients": "created_at", "roles": "part", "vendors": "created_at",
		"skills": "created_at", "tests": "created_at", "testers": "associated_at", "mails": "queued_at", "people": "created_at",
	} {
		s.remember()
		must(t, s.engine.update(t.Context(), func(c conn) error {
			_, err := c.exec("update " + table + " set " + column + " = '5'")
			return err
		}))
		want := slices.DeleteFunc(slices.Sorted(maps.Keys(readFrom)), func(answer string) bool { return strings.Contains(readFrom[answer], table+" ") })
		if got := s.known(); !slices.Equal(got, want) {
			t.Errorf("after a write to %s: got %v still known, want %v", table, got, want)
		}
	}
}

// readFrom says what each part of the memo is read from, a blank behind each
// name: written by hand, apart from what the memo says of itself.
var readFrom = map[string]string{
	"token": "tokens grants clients roles ", "skill": "skills vendors ", "skill and test": "skills tests ",
	"test": "tests ", "tester": "testers ",
}

// remember puts something into each part of the memo, as read now.
func (t trial) remember() {
	m, now := t.memo, t.engine.mark()
	m.tokens.keep(now, lwa.Digest{}, found[lwa.Token]{})
	m.skills.keep(now, "S", owned{})
	m.skillTest.keep(now, "S", tested{})
	m.tests.keep(now, 1, found[beta.Test]{})
	m.testers.keep(now, testerKey{}, found[beta.Tester]{})
}

// known lists what of that is known to be true now.
func (t trial) known() (list []string) {
	m, now := t.memo, t.engine.mark()
	note := func(name string, ok bool) {
		if ok {
			list = append(list, name)
		}
	}
	note("skill", isKnown(&m.skills, now, "S"))
	note("skill and test", isKnown(&m.skillTest, now, "S"))
	note("test", isKnown(&m.tests, now, 1))
	note("tester", isKnown(&m.testers, now, testerKey{}))
	note("token", isKnown(&m.tokens, now, lwa.Digest{}))
	return list
}

func isKnown[K comparable, V any](t *table[K, V], now beta.Mark, key K) bool {
	_, ok := t.row(now, key)
	return ok
}

// What the memo's answers are read from, SQLite says itself.
func TestAnswersAreReadFromTheTablesThatTheMemoSays(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	s.Fill(t, 3)
	for answer, read := range map[string]func(tx) error{
		"token":          func(t tx) error { _, _, err := t.token(lwa.Digest{}); return err },
		"skill":          func(t tx) error { _, _, err := t.Skill("row-1"); return err },
		"skill and test": func(t tx) error { _, _, err := t.SkillTest("row-1"); return err },
		"test":           func(t tx) error { _, _, err := t.Test(1); return err },
		"tester":         func(t tx) error { _, _, err := t.Tester(1, "x"); return err },
	} {
		c, err := sqlite.OpenConn(filepath.Join(s.dir, "tryout.db"), sqlite.OpenReadOnly)
		must(t, err)
		var got []string
		must(t, c.SetAuthorizer(sqlite.AuthorizeFunc(func(a sqlite.Action) sqlite.AuthResult {
			if a.Type() == sqlite.OpRead && !slices.Contains(got, a.Table()) {
				got = append(got, a.Table())
			}
			return sqlite.AuthResultOK
		})))
		must(t, errors.Join(read(s.on(sqliteConn{newLink(c)})), c.Close()))
		slices.Sort(got)
		if want := slices.Sorted(strings.FieldsSeq(readFrom[answer])); !slices.Equal(got, want) {
			t.Errorf("%s: read from %v, want %v", answer, got, want)
		}
	}
}

// Where somebody else committed as well, nobody knows what that wrote.
func TestNothingOutlivesACommitThatIsNotOurs(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	w := s.engine.(*sqliteEngine).writer
	for others := range 3 {
		s.remember()
		from := s.engine.mark()
		other, err := sqlite.OpenConn(filepath.Join(s.dir, "tryout.db"), sqlite.OpenReadWrite)
		must(t, err)
		version, err := w.others()
		must(t, err)
		if others != 1 { // else ours changed nothing, and what is counted is theirs
			must(t, exec(w.link.Conn, "insert into forgotten (digest, created_at) values (randomblob(32), 1)"))
		}
		for range others {
			must(t, exec(other, "insert into forgotten (digest, created_at) values (randomblob(32), 1)"))
		}
		w.keep(from, otherTables, version)
		if got := len(s.known()) > 0; got != (others == 0) {
			t.Errorf("ours and %d others: got something known %v", others, got)
		}
		must(t, other.Close())
	}
}

func exec(c *sqlite.Conn, sql string) error {
	_, err := sqliteConn{newLink(c)}.exec(sql)
	return err
}

// What changes the schema may have written anything.
func TestNothingOutlivesAChangeOfTheSchema(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	for _, sql := range []string{"create table more (n)", "alter table more add column m", "create index more_n on more (n)", "drop table more"} {
		s.remember()
		must(t, s.engine.update(t.Context(), func(c conn) error { _, err := c.exec(sql); return err }))
		if got := s.known(); got != nil {
			t.Errorf("%s: got %v still known", sql, got)
		}
	}
}

// Whoever is told that a write is stored finds it again, and nobody waits for ever.
func TestWritesWhileTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, make([]byte, KeySize), time.Now)
	must(t, err)
	var stored sync.Map
	var writers sync.WaitGroup
	begun := make(chan struct{}, 8)
	for i := range cap(begun) {
		writers.Go(func() {
			for n := 0; ; n++ {
				id := beta.VendorID(string(rune('a'+i)) + string(rune('0'+n)))
				if err := s.Update(t.Context(), vendor(id)); err != nil {
					if !errors.Is(err, errAway) {
						t.Errorf("got %v, want that the database is away", err)
					}
					return
				}
				if stored.Store(id, true); n == 20 {
					begun <- struct{}{}
				}
			}
		})
	}
	<-begun
	must(t, s.View(t.Context(), func(r beta.Reader) error { _, err := r.Vendor("none"); return ignoreNoRow(err) })) // so that a reader is there
	must(t, s.Close())
	writers.Wait()
	if mark := s.engine.mark(); mark != (beta.Mark{}) {
		t.Errorf("a closed store is in state %v", mark)
	}
	again, err := Open(t.Context(), dir, make([]byte, KeySize), time.Now)
	must(t, err)
	defer again.Close()
	must(t, again.View(t.Context(), func(r beta.Reader) (err error) {
		stored.Range(func(id, _ any) bool { _, err = r.Vendor(id.(beta.VendorID)); return err == nil })
		return err
	}))
}

func ignoreNoRow(err error) error {
	if errors.Is(err, beta.ErrNoRow) {
		return nil
	}
	return err
}
