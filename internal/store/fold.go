package store

import (
	"slices"
	"strings"

	"tryout/internal/beta"
)

// maxLines bounds the log of a mail that waits: after so many, the next line
// takes the place of the last.
const maxLines = 100

// fold counts what goes on for days, where repeating it would make a log of
// thousands of lines: the last line of a mail's log is taken out where an
// attempt continues it, and the attempt that is returned stands for both.
func (t tx) fold(attempts []beta.Attempt) ([]beta.Attempt, error) {
	again := slices.DeleteFunc(slices.Clone(attempts), func(a beta.Attempt) bool {
		return !waits(a.Outcome.State) || logged(a.Outcome) == ""
	})
	if len(again) == 0 {
		return attempts, nil // as nearly always
	}
	logs, err := t.logs(again)
	if err != nil {
		return nil, err
	}
	attempts = slices.Clone(attempts) // this may be run again
	for i, a := range attempts {
		log, held := logs[holder{a.Mail.ID, a.Claim}]
		if !held {
			continue
		}
		rest, last, err := cutLast(log)
		if err != nil {
			return nil, err
		}
		a.Outcome.Reply.State = a.Outcome.State
		if continues(last, a.Outcome.Reply, strings.Count(log, "\n")) {
			attempts[i].Outcome.Reply = joined(last, a.Outcome.Reply)
			logs[holder{a.Mail.ID, a.Claim}] = rest
		} else {
			delete(logs, holder{a.Mail.ID, a.Claim})
		}
	}
	return attempts, t.saveLogs(logs)
}

// waits reports whether more is to happen to a mail.
func waits(s beta.MailState) bool { return s == beta.MailQueued || s == beta.MailDeferred }

// cutLast takes the last line out of a log.
func cutLast(log string) (rest string, last beta.Reply, err error) {
	begin := strings.LastIndexByte(strings.TrimSuffix(log, "\n"), '\n') + 1
	list, err := repliesOf(log[begin:])
	if err != nil {
		return "", last, err
	}
	return log[:begin], list[0], nil
}

// continues reports whether an attempt is told with the last line of a log.
func continues(last, next beta.Reply, lines int) bool {
	if !waits(last.State) || last.IsReturn() {
		return false
	}
	next.At, next.Text = last.At, valid(next.Text)
	last.Times, last.Since = 0, next.Since
	return last == next || lines >= maxLines
}

// joined is one line for what two told.
func joined(last, next beta.Reply) beta.Reply {
	next.Times, next.Since = max(last.Times, 1)+1, last.Since
	if next.Since.IsZero() {
		next.Since = last.At
	}
	return next
}

// holder is who may settle a mail.
type holder struct {
	mail  beta.MailID
	claim string
}

// logs returns what was logged of mails that are being sent, by who may settle
// them, and holds the rows.
func (t tx) logs(attempts []beta.Attempt) (map[holder]string, error) {
	logs := make(map[holder]string, len(attempts))
	err := t.query(func(r row) error {
		if log := r.text(4); log != "" {
			logs[holder{beta.MailID{Test: beta.TestID(r.int(0)), Tester: r.int(1), Seq: int(r.int(2))}, r.text(3)}] = log
		}
		return nil
	}, `
		select test_id, tester, seq, claim, attempts_log
		from (
			select cast(value ->> 0 as bigint) as test, cast(value ->> 1 as bigint) as number, cast(value ->> 2 as bigint) as nth
			from `+t.each+`
		) as wanted
		cross join mails
		where test_id = wanted.test and tester = wanted.number and seq = wanted.nth and state = $1`+t.lockRow,
		beta.MailSending, rows(attempts, func(row array, a beta.Attempt) array {
			id := a.Mail.ID
			return row.int(int64(id.Test)).int(id.Tester).int(int64(id.Seq))
		}))
	return logs, err
}

// saveLogs replaces the logs of mails.
func (t tx) saveLogs(logs map[holder]string) error {
	for h, log := range logs { // of what just failed: never more than are sent at once
		if _, err := t.exec(`
			update mails
			set attempts_log = $4
			where test_id = $1 and tester = $2 and seq = $3`,
			h.mail.Test, h.mail.Tester, h.mail.Seq, log); err != nil {
			return err
		}
	}
	return nil
}
