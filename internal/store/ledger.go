package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tryout/internal/beta"
)

const mailColumns = `
	test_id, tester, seq, kind, email, email_key, vendor_id, batch_id,
	request_id, queued_at, due_at, attempts, cuts, unknowns, state, settled_at, attempts_log`

func recordFrom(r row) (beta.MailRecord, error) {
	m := beta.MailRecord{Mail: mailFrom(r), State: beta.MailState(r.text(14)), SettledAt: at(r.int(15))}
	lines, err := repliesOf(r.text(16))
	for _, l := range lines {
		switch {
		case l.Step != refused:
			m.Replies = append(m.Replies, l)
		case m.State == beta.MailSuppressed:
			m.Refusal = beta.Reason(l.Text)
		}
	}
	return m, err
}

// refused is the step of the line in a mail's log that says why there was no
// attempt: no command of SMTP, and no kind of return.
const refused = "refused"

func (t tx) TesterMails(test beta.TestID, number int64) (list []beta.MailRecord, err error) {
	err = t.query(func(r row) error {
		m, err := recordFrom(r)
		list = append(list, m)
		return err
	}, "select "+mailColumns+" from mails where test_id = $1 and tester = $2 order by seq", test, number)
	return list, err
}

func (t tx) BatchMails(b beta.Batch, numbers []int64) (map[int64]beta.MailRecord, error) {
	mails := make(map[int64]beta.MailRecord, len(numbers))
	err := t.query(func(r row) error {
		m, err := recordFrom(r)
		m.Replies = nil
		mails[m.ID.Tester] = m
		return err
	}, `
		select `+mailColumns+`
		from `+t.wanted+`
		cross join mails
		where test_id = $1 and tester `+t.isWanted+` and batch_id = $3`,
		b.Test, rows(numbers, array.int), b.ID)
	return mails, err
}

func (t tx) RequeueMails(mails []beta.MailRecord, now time.Time) error {
	for _, m := range mails { // of one tester, so they are few
		if _, err := t.exec(`
			update mails
			set state = 'queued', due_at = $4, attempts = 0, cuts = 0, settled_at = 0
			where test_id = $1 and tester = $2 and seq = $3 and settled_at > 0`,
			m.ID.Test, m.ID.Tester, m.ID.Seq, ms(now)); err != nil {
			return err
		}
	}
	return nil
}

// NoteReturn leaves a mail that went on meanwhile where it is.
func (t tx) NoteReturn(id beta.MailID, was beta.MailState, r beta.Reply) error {
	_, err := t.exec(`
		update mails
		set state = case when state = $4 then $5 else state end, attempts_log = attempts_log || $6
		where test_id = $1 and tester = $2 and seq = $3`,
		id.Test, id.Tester, id.Seq, was, r.State, lineOf(r))
	return err
}

// logged is the line that an attempt adds to its mail's log; none for one that
// was given back before anything happened.
func logged(o beta.Settlement) string {
	if o.Refusal != "" {
		o.Reply = beta.Reply{At: o.SettledAt, Step: refused, Text: string(o.Refusal)}
	}
	if o.Reply == (beta.Reply{}) {
		return ""
	}
	o.Reply.State = o.State
	return lineOf(o.Reply)
}

// lineOf is a JSON array: [at, state, relay, step, code, enhanced code, text,
// queue id], and, of several attempts, how many and when the first was. Code
// from before these two reads over them.
func lineOf(r beta.Reply) string {
	line := array{'['}.int(ms(r.At)).text(string(r.State)).text(r.Relay).text(r.Step)
	line = line.int(int64(r.Code)).text(r.Enhanced).text(valid(r.Text)).text(r.QueueID)
	if r.Times > 1 {
		line = line.int(int64(r.Times)).int(ms(r.Since))
	}
	return string(line) + "]\n"
}

// valid is a text that can be stored: relays say what they like.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// repliesOf reads the lines that lineOf wrote.
func repliesOf(log string) (list []beta.Reply, err error) {
	for line := range strings.Lines(log) {
		var r beta.Reply
		var when, since int64
		columns := []any{&when, &r.State, &r.Relay, &r.Step, &r.Code, &r.Enhanced, &r.Text, &r.QueueID, &r.Times, &since}
		if err := json.Unmarshal([]byte(line), &columns); err != nil {
			return nil, fmt.Errorf("the attempts of a mail: %w", err)
		}
		r.At, r.Since = at(when), at(since)
		list = append(list, r)
	}
	return list, nil
}
