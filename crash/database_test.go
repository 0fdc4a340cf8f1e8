package crash_test

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

// unsettled is the mail that something is still to happen to.
const unsettled = "state in ('queued', 'sending', 'deferred')"

// remains are what a dead server left.
type remains struct {
	integrity string   // "ok"
	claims    []string // that mail was being sent under
}

// examine looks at a copy: the next server must find the files as they were left.
func (s *site) examine() (r remains) {
	s.t.Helper()
	morgue := filepath.Join(s.t.TempDir(), "morgue")
	if err := os.Mkdir(morgue, 0o700); err != nil {
		s.t.Fatal(err)
	}
	defer os.RemoveAll(morgue)
	s.copyFiles(s.data, morgue)
	s.rows(morgue, "pragma integrity_check", func(row *sqlite.Stmt) { r.integrity += row.ColumnText(0) })
	s.rows(morgue, "select distinct claim from mails where state = 'sending'", func(row *sqlite.Stmt) {
		r.claims = append(r.claims, row.ColumnText(0))
	})
	return r
}

// copyFiles copies the database of a server that is not running: the file and
// its log. What else SQLite keeps it makes anew.
func (s *site) copyFiles(from, to string) {
	s.t.Helper()
	for _, name := range []string{"tryout.db", "tryout.db-wal"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil && !os.IsNotExist(err) { // an empty log says the same as none
			s.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// lapse ends the leases of the dead at once, not in ten minutes. The server does
// not know these claims: they are not its own.
func (s *site) lapse(claims []string) {
	s.t.Helper()
	for _, claim := range claims {
		s.write("update mails set due_at = 1 where state = 'sending' and claim = ?", claim)
	}
}

// write writes beside a running server, or into what a dead one left, and
// returns how many rows it changed.
func (s *site) write(sql string, args ...any) (changed int) {
	s.t.Helper()
	s.with(s.data, func(c *sqlite.Conn) error {
		err := sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{Args: args})
		changed = c.Changes()
		return err
	})
	return changed
}

// rows passes every row of an answer to fn.
func (s *site) rows(dir, sql string, fn func(*sqlite.Stmt)) {
	s.t.Helper()
	s.with(dir, func(c *sqlite.Conn) error {
		return sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
			fn(row)
			return nil
		}})
	})
}

func (s *site) with(dir string, fn func(*sqlite.Conn) error) {
	s.t.Helper()
	c, err := sqlite.OpenConn(filepath.Join(dir, "tryout.db"), sqlite.OpenReadWrite)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	c.SetBusyTimeout(patience)
	if err := fn(c); err != nil {
		s.t.Fatal(err)
	}
}

// drain waits until nothing is left to be sent.
func (s *site) drain() {
	s.t.Helper()
	last, since := -1, time.Now()
	for left := s.count("mails where " + unsettled); left > 0; left = s.count("mails where " + unsettled) {
		if left != last {
			last, since = left, time.Now()
		}
		if time.Since(since) > patience {
			s.t.Fatalf("%d mails are left to be sent, and none is settled any more", left)
		}
		time.Sleep(50 * time.Millisecond) // there is no event to wait for
	}
}

func (s *site) count(what string) int {
	s.t.Helper()
	n, err := strconv.Atoi(storetest.Rows(s.t, s.database, "select count(*) from "+what)[0][0])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// invitees returns who is in a running test.
func (s *site) invitees() (list []tester) {
	s.t.Helper()
	for skill, id := range skills[:running] {
		sql := "select t.id, p.number, p.email from tests t join testers p on p.test_id = t.id where t.skill_id = '" + id + "'"
		for _, row := range storetest.Rows(s.t, s.database, sql) {
			list = append(list, tester{place{skill, row[2]}, s.invitation(row)})
		}
	}
	return list
}

// ledger returns the invitations held for sent.
func (s *site) ledger() (list []string) {
	s.t.Helper()
	sql := "select test_id, tester from mails where state = 'sent' and kind = 'INVITATION'"
	for _, row := range storetest.Rows(s.t, s.database, sql) {
		list = append(list, s.invitation(row))
	}
	return list
}

// invitation names one as its link does; the row begins with test and tester.
func (s *site) invitation(row []string) string {
	s.t.Helper()
	id, err := strconv.ParseInt(row[0], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return beta.TestID(id).String() + "-" + row[1]
}
