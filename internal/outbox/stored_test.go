package outbox_test

import (
	"path/filepath"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tryout/internal/beta"
)

// stored is what the database says of a mail.
type stored struct {
	beta.Settlement
	ID string
}

// mails reads the invitation of each address from the database file.
func (r *rig) mails() map[string]stored {
	r.Helper()
	c, err := sqlite.OpenConn(filepath.Join(r.dir, "tryout.db"), sqlite.OpenReadOnly)
	r.must(err)
	defer c.Close()
	all := map[string]stored{}
	r.must(sqlitex.Execute(c, `
		select m.email_key, m.state, m.attempts, m.cuts, m.unknowns, m.due_at, m.settled_at,
			relay, reply_step, reply_code, reply_enhanced, reply_text,
			coalesce(t.undeliverable, 0), m.test_id, m.tester, m.seq, m.queued_at
		from mails m left join testers t on t.test_id = m.test_id and t.number = m.tester
		where kind = 'INVITATION'`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			all[s.ColumnText(0)] = storedFrom(s)
			return nil
		}}))
	return all
}

func storedFrom(s *sqlite.Stmt) stored {
	id := beta.MailID{Test: beta.TestID(s.ColumnInt64(13)), Tester: s.ColumnInt64(14), Seq: s.ColumnInt(15)}
	return stored{ID: id.String() + "." + strconv.FormatInt(s.ColumnInt64(16), 36), Settlement: beta.Settlement{
		State: beta.MailState(s.ColumnText(1)), Attempts: s.ColumnInt(2), Cuts: s.ColumnInt(3), Unknowns: s.ColumnInt(4),
		DueAt: time.UnixMilli(s.ColumnInt64(5)), SettledAt: time.UnixMilli(s.ColumnInt64(6)),
		Reply: beta.Reply{
			Relay: s.ColumnText(7), Step: s.ColumnText(8), Code: s.ColumnInt(9),
			Enhanced: s.ColumnText(10), Text: s.ColumnText(11),
		},
		Undeliverable: s.ColumnInt64(12) != 0,
	}}
}

// inState counts the mails in a state.
func (r *rig) inState(state beta.MailState) (n int) {
	r.Helper()
	for _, m := range r.mails() {
		if m.State == state {
			n++
		}
	}
	return n
}
