package outbox_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

// stored is what the database says of a mail.
type stored struct {
	beta.Settlement
	ID string
}

// mails reads the invitation of each address from the database itself.
func (r *rig) mails() map[string]stored {
	r.Helper()
	all := map[string]stored{}
	for _, row := range storetest.Rows(r, storetest.Database(r, r.dir), `
		select m.email_key, m.state, m.attempts, m.cuts, m.unknowns, m.due_at, m.settled_at,
			m.attempts_log,
			coalesce(t.blocked, 0), m.test_id, m.tester, m.seq, m.queued_at
		from mails m left join testers t on t.test_id = m.test_id and t.number = m.tester
		where kind = 'INVITATION'`) {
		all[row[0]] = r.storedFrom(row)
	}
	return all
}

func (r *rig) storedFrom(row []string) stored {
	r.Helper()
	number := func(column int) int64 {
		r.Helper()
		n, err := strconv.ParseInt(row[column], 10, 64)
		r.must(err)
		return n
	}
	id := beta.MailID{Test: beta.TestID(number(9)), Tester: number(10), Seq: int(number(11))}
	return stored{ID: id.String() + "." + strconv.FormatInt(number(12), 36), Settlement: beta.Settlement{
		State: beta.MailState(row[1]), Attempts: int(number(2)), Cuts: int(number(3)), Unknowns: int(number(4)),
		DueAt: time.UnixMilli(number(5)), SettledAt: time.UnixMilli(number(6)),
		Reply:         lastReply(row[7]),
		Undeliverable: number(8) == 1,
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
