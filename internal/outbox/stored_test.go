package outbox_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
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
			m.attempts_log,
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
	id := beta.MailID{Test: beta.TestID(s.ColumnInt64(9)), Tester: s.ColumnInt64(10), Seq: s.ColumnInt(11)}
	return stored{ID: id.String() + "." + strconv.FormatInt(s.ColumnInt64(12), 36), Settlement: beta.Settlement{
		State: beta.MailState(s.ColumnText(1)), Attempts: s.ColumnInt(2), Cuts: s.ColumnInt(3), Unknowns: s.ColumnInt(4),
		DueAt: time.UnixMilli(s.ColumnInt64(5)), SettledAt: time.UnixMilli(s.ColumnInt64(6)),
		Reply:         lastReply(s.ColumnText(7)),
		Undeliverable: s.ColumnInt64(8) != 0,
	}}
}

// lastReply reads the last line of a mail's log, without its time.
func lastReply(log string) (reply beta.Reply) {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if last := lines[len(lines)-1]; last != "" {
		var at int64
		line := []any{&at, &reply.State, &reply.Relay, &reply.Step, &reply.Code, &reply.Enhanced, &reply.Text, &reply.QueueID}
		if err := json.Unmarshal([]byte(last), &line); err != nil || at == 0 {
			panic(fmt.Sprintf("the log of a mail: %q: %v", log, err))
		}
	}
	return reply
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
