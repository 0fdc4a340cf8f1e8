package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"tryout/internal/beta"
)

// cause is what mails queued together have in common.
type cause struct {
	test             beta.TestID
	kind             beta.MailKind
	vendor           beta.VendorID
	batch, requestID string
	queuedAt, dueAt  int64
}

func (t tx) QueueMails(mails []beta.Mail) error {
	for common, group := range alike(mails, func(m *beta.Mail) cause {
		return cause{m.ID.Test, m.Kind, m.Vendor, m.Batch, m.RequestID, ms(m.QueuedAt), ms(m.DueAt)}
	}) {
		if err := t.queueAlike(common, group); err != nil {
			return err
		}
	}
	return nil
}

func (t tx) queueAlike(c cause, mails []beta.Mail) error {
	return t.later(nil, `
		insert into mails (test_id, tester, seq, kind, email, email_key, vendor_id, batch_id,
			request_id, priority, queued_at, due_at, state, claim, attempts, cuts, unknowns, settled_at)
		select $1, cast(value ->> 0 as bigint), cast(value ->> 1 as bigint), $3, value ->> 2, value ->> 3, $4, $5,
			$6, $7, $8, $9, 'queued', '', 0, 0, 0, 0
		from `+t.each,
		c.test, rows(mails, func(a array, m beta.Mail) array {
			return a.int(m.ID.Tester).int(int64(m.ID.Seq)).text(m.To.Given).text(m.To.Key)
		}), c.kind, c.vendor, c.batch,
		c.requestID, priorityOf(c.kind), c.queuedAt, c.dueAt)
}

// Priorities: what has a lower one goes first.
const (
	urgent   = 0 // somebody waits for it in front of a screen
	ordinary = 1
)

// priorities are all of them, the urgent first.
var priorities = []int{urgent, ordinary}

func priorityOf(kind beta.MailKind) int {
	if kind == beta.SignInMail {
		return urgent
	}
	return ordinary
}

// ClaimMail implements what the outbox needs: up to limit mails that are due, or
// whose claim lapsed, are given to claim until the lease is over, the urgent
// first. Of a lapsed claim nobody knows what became: the worker died, perhaps
// after the relay took the mail. After an error they may be claimed, or not.
func (s *Store) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) (mails []beta.Mail, err error) {
	now := s.now()
	err = s.engine.update(ctx, func(c conn) error {
		mails = nil
		for _, priority := range priorities {
			some, err := s.on(c).claim(claim, priority, limit-len(mails), now, now.Add(lease))
			if mails = append(mails, some...); err != nil || len(mails) == limit {
				return err
			}
		}
		return nil
	})
	return mails, err
}

func (t tx) claim(claim string, priority, limit int, now, until time.Time) (mails []beta.Mail, err error) {
	err = t.query(func(r row) error {
		mails = append(mails, mailFrom(r))
		return nil
	}, `
		with due (of_test, of_tester, of_seq) as materialized (
			select test_id, tester, seq
			from mails
			where state in ('queued', 'sending', 'deferred') and priority = $3 + 0 and due_at <= $4 + 0
			order by due_at
			limit $5 + 0 `+t.skip+`
		)
		update mails
		set state = 'sending', claim = $1, due_at = $2, attempts = attempts + 1,
			unknowns = unknowns + case when state = 'sending' then 1 else 0 end
		from due
		where test_id = of_test and tester = of_tester and seq = of_seq
		returning test_id, tester, seq, kind, email, email_key, vendor_id, batch_id,
			request_id, queued_at, due_at, attempts, cuts, unknowns`,
		claim, ms(until), priority, ms(now), limit)
	return mails, err
}

// LapseClaims makes every claim lapse now. Only a process that alone serves the
// database may call it, before it claims: whoever held a claim is dead, and
// their mail need not wait for the end of the lease.
func (s *Store) LapseClaims(ctx context.Context) error {
	return s.engine.update(ctx, func(c conn) error {
		for _, priority := range priorities {
			_, err := c.exec(`
				update mails
				set due_at = $1
				where state in ('queued', 'sending', 'deferred') and state = 'sending'
					and priority = $2 + 0 and due_at > $1 + 0`, ms(s.now()), priority)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func mailFrom(r row) beta.Mail {
	return beta.Mail{
		ID:   beta.MailID{Test: beta.TestID(r.int(0)), Tester: r.int(1), Seq: int(r.int(2))},
		Kind: beta.MailKind(r.text(3)), To: beta.Email{Given: r.text(4), Key: r.text(5)},
		Vendor: beta.VendorID(r.text(6)), Batch: r.text(7), RequestID: r.text(8),
		QueuedAt: at(r.int(9)), DueAt: at(r.int(10)),
		Attempts: int(r.int(11)), Cuts: int(r.int(12)), Unknowns: int(r.int(13)),
	}
}

// outcome is what attempts that ended together mostly have in common: all but
// the mail, its claim and what the relay said.
type outcome struct {
	state                    beta.MailState
	dueAt                    int64
	attempts, cuts, unknowns int
}

// SettleMail implements what the outbox needs: it records the outcomes of
// attempts, except where the claim was lost meanwhile. A mail that is settled
// frees its tester for the next of that kind.
func (s *Store) SettleMail(ctx context.Context, attempts ...beta.Attempt) error {
	return s.engine.update(ctx, func(c conn) error {
		t := s.on(c)
		attempts, err := t.fold(attempts)
		if err != nil {
			return err
		}
		held := map[beta.MailID]bool{}
		for common, group := range alike(attempts, func(a *beta.Attempt) outcome {
			o := a.Outcome
			return outcome{o.State, ms(o.DueAt), o.Attempts, o.Cuts, o.Unknowns}
		}) {
			if err := t.settleAlike(common, group, held); err != nil {
				return err
			}
		}
		return t.freeTesters(attempts, held)
	})
}

// settleAlike records one outcome of many mails, and notes those whose claim holds.
func (t tx) settleAlike(o outcome, attempts []beta.Attempt, held map[beta.MailID]bool) error {
	return t.query(func(r row) error {
		held[beta.MailID{Test: beta.TestID(r.int(0)), Tester: r.int(1), Seq: int(r.int(2))}] = true
		return nil
	}, `
		update mails
		set state = $1, due_at = $3, attempts = $4, cuts = $5, unknowns = $6,
			settled_at = cast(value ->> 4 as bigint), attempts_log = attempts_log || (value ->> 5)
		from `+t.each+`
		where mails.test_id = cast(value ->> 0 as bigint) and mails.tester = cast(value ->> 1 as bigint)
			and mails.seq = cast(value ->> 2 as bigint) and mails.claim = value ->> 3 and mails.state = 'sending'
		returning test_id, tester, seq`,
		o.state, rows(attempts, func(row array, a beta.Attempt) array {
			id := a.Mail.ID
			row = row.int(int64(id.Test)).int(id.Tester).int(int64(id.Seq)).text(a.Claim)
			return row.int(ms(a.Outcome.SettledAt)).text(logged(a.Outcome))
		}), o.dueAt, o.attempts, o.cuts, o.unknowns)
}

// recipient is a tester of settled mail: what a statement that joins updates
// each row with once, however many mails were settled.
type recipient struct {
	test   beta.TestID
	number int64
	key    string
}

type release struct {
	recipient
	kinds         beta.MailKinds
	undeliverable bool
}

// freeTesters frees the testers of the mails that were settled under a claim
// that holds for the next of that kind. The way of what is to somebody else, such
// as what a tester wrote, says nothing of them.
func (t tx) freeTesters(attempts []beta.Attempt, held map[beta.MailID]bool) error {
	free := map[recipient]release{}
	for _, a := range attempts {
		if id := a.Mail.ID; held[id] && !a.Outcome.SettledAt.IsZero() && a.Mail.Kind.ToTester() {
			who := recipient{id.Test, id.Tester, a.Mail.To.Key}
			f := free[who]
			free[who] = release{who, f.kinds | a.Mail.Kind.Bit(), f.undeliverable || a.Outcome.Undeliverable}
		}
	}
	if len(free) == 0 {
		return nil
	}
	return t.later(nil, `
		update testers
		set unsettled = unsettled & ~cast(value ->> 3 as bigint),
			blocked = case when blocked = 0 and cast(value ->> 4 as bigint) = 1 then $1 else blocked end
		from `+t.each+`
		where testers.test_id = cast(value ->> 0 as bigint) and testers.email_key = value ->> 1
			and testers.number = cast(value ->> 2 as bigint)`,
		blockOf(beta.BecauseUndeliverable), rows(slices.Collect(maps.Values(free)), func(row array, f release) array {
			return row.int(int64(f.test)).text(f.key).int(f.number).int(int64(f.kinds)).int(int64(number(f.undeliverable)))
		}))
}

// NextMail implements what the outbox needs: when the earliest unsettled mail is
// due; zero when there is none.
func (s *Store) NextMail(ctx context.Context) (due time.Time, err error) {
	err = s.engine.view(ctx, func(c conn) error {
		due = time.Time{}
		for _, priority := range priorities {
			first, err := s.on(c).firstDue(priority)
			if err != nil {
				return err
			}
			if due.IsZero() || !first.IsZero() && first.Before(due) {
				due = first
			}
		}
		return nil
	})
	return due, err
}

func (t tx) firstDue(priority int) (due time.Time, err error) {
	_, err = t.one(func(r row) { due = at(r.int(0)) }, `
		select min(due_at)
		from mails
		where state in ('queued', 'sending', 'deferred') and priority = $1 + 0`, priority)
	return due, err
}
