package beta

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Rules are what an operator may set.
type Rules struct {
	Cap           int           // testers in one test; zero means 500
	Life          time.Duration // from start to the end by itself; zero means 90 days
	ReminderEvery time.Duration // between an invitation or reminder and the next reminder; zero means 24 hours
	FeedbackEvery time.Duration // between two feedback requests; zero means 24 hours
	LinkLife      time.Duration // how long a personal link works after it was last mailed; zero means until the test ends
}

func (r Rules) withDefaults() Rules {
	const day = 24 * time.Hour
	if r.Cap == 0 {
		r.Cap = 500
	}
	if r.Life == 0 {
		r.Life = 90 * day
	}
	if r.ReminderEvery == 0 {
		r.ReminderEvery = day
	}
	if r.FeedbackEvery == 0 {
		r.FeedbackEvery = day
	}
	return r
}

// Service has one method for each thing a caller can do.
type Service struct {
	Rules
	store   Store
	now     func() time.Time
	linkURL func(Place, Link) string
	queued  func()
}

// NewService returns a Service on store. Time comes from now; linkURL makes the
// address of a page that a personal link leads to; queued is called after mail was queued.
func NewService(store Store, now func() time.Time, rules Rules, linkURL func(Place, Link) string, queued func()) *Service {
	return &Service{rules.withDefaults(), store, clock(now), linkURL, queued}
}

// clock cuts now to milliseconds, UTC: what the wire shows and the store keeps.
func clock(now func() time.Time) func() time.Time {
	return func() time.Time { return now().UTC().Truncate(time.Millisecond) }
}

// Need is what a call needs before it may be looked at closely.
type Need struct {
	Write bool // the caller must be allowed to change things
	Own   bool // and among them the test itself
	Test  bool // the skill must have a beta test
}

// Check returns the error that anybody but a rightful caller gets, whatever
// else is wrong with the call: [NotFound] for an unknown skill,
// [Unauthorized] for another vendor's, [Forbidden] for a scope too small,
// NotFound when a beta test is needed and there never was one.
func (s *Service) Check(ctx context.Context, by Caller, id SkillID, need Need) error {
	skill, test, err := s.store.SkillTest(ctx, id)
	return may(by, need, skill, test, err)
}

var errNoSkill = notFound("There is no skill with this id.")

// within reports whether the caller may do as much, to their vendor's skills.
func (n Need) within(by Caller) bool {
	return (by.Write || !n.Write) && !(n.Own && by.TestersOnly)
}

// may judges the caller, in the order that the contract sets.
func may(by Caller, need Need, skill Skill, test Test, err error) error {
	switch {
	case errors.Is(err, ErrNoRow):
		return errNoSkill
	case err != nil:
		return err
	case skill.Vendor != by.Vendor:
		return &Error{Kind: Unauthorized, Code: CodeUnauthorized, Message: "The token does not give access to this skill."}
	case need.Write && !by.Write:
		return &Error{Kind: Forbidden, Code: CodeForbidden, Message: "The token's scope, or the role of the person it acts for, does not allow changes."}
	case need.Own && by.TestersOnly:
		return &Error{Kind: Forbidden, Code: CodeForbidden, Message: "The token acts for an editor, who may change testers, but not the test."}
	case need.Test && test.ID == 0:
		return notFound("The skill has no beta test.")
	}
	return nil
}

// read runs fn on the newest test of a skill that the caller may read.
func (s *Service) read(ctx context.Context, by Caller, id SkillID, fn func(Reader, Test) error) error {
	return s.store.View(ctx, func(r Reader) error {
		skill, test, err := r.SkillTest(id)
		if err := may(by, Need{Test: true}, skill, test, err); err != nil {
			return err
		}
		return fn(r, test)
	})
}

// change is one call that changes a skill's test, while it runs.
type change struct {
	Tx
	test  Test // locked; saved at the end
	now   time.Time
	batch Batch
	mails []Mail // queued at the end

	requeued []MailRecord     // at the end as well
	gone     map[string]int64 // numbers of those who are not to be stored, by address key
}

// change runs fn on the locked newest test of a skill whose status must be one
// of allowed, then saves the test, queues the mail and records the batch.
func (s *Service) change(ctx context.Context, by Caller, id SkillID, op Operation, allowed []Status, fn func(*change) error) (Batch, error) {
	var done Batch
	var queued bool
	err := s.locked(ctx, by, id, Need{Write: true, Own: op.ownTest(), Test: true}, func(tx Tx, _ Skill, test Test) error {
		c := s.begin(tx, by, test, op)
		if status := test.Status(c.now); !slices.Contains(allowed, status) {
			return conflict("The beta test is " + string(status) + "; this call needs it to be " + oneOf(allowed) + ".")
		}
		if err := fn(c); err != nil {
			return err
		}
		done, queued = c.batch, len(c.mails)+len(c.requeued) > 0
		return c.finish()
	})
	if err == nil && queued {
		s.queued()
	}
	return done, err
}

// locked runs fn in a transaction, on the locked newest test of a skill that the
// caller may change. Who may not is refused before others would wait for them, for
// the lock or for a place among those who write; who may is judged once more by
// what is locked.
func (s *Service) locked(ctx context.Context, by Caller, id SkillID, need Need, fn func(Tx, Skill, Test) error) error {
	skill, known, err := s.store.SkillAtHand(ctx, id)
	if !need.within(by) || known && (err != nil || skill.Vendor != by.Vendor) {
		if err := s.Check(ctx, by, id, need); err != nil {
			return err
		}
	}
	elsewhere := false
	err = s.store.Update(ctx, func(tx Tx) error {
		skill, test, err := tx.LockTestOf(by.Vendor, id)
		if elsewhere = errors.Is(err, ErrNoRow); elsewhere {
			return err
		}
		if err := may(by, need, skill, test, err); err != nil {
			return err
		}
		return fn(tx, skill, test)
	})
	if elsewhere {
		return cmp.Or(s.Check(ctx, by, id, need), errNoSkill)
	}
	return err
}

func (s *Service) begin(tx Tx, by Caller, test Test, op Operation) *change {
	now := s.now()
	return &change{Tx: tx, test: test, now: now, batch: Batch{
		ID: NewID(now), Test: test.ID, Skill: test.Skill, Vendor: by.Vendor,
		By: by.Name, RequestID: by.RequestID, Operation: op, At: now,
	}}
}

func (c *change) finish() error {
	if err := c.SaveTest(c.test); err != nil {
		return err
	}
	if len(c.mails) > 0 {
		if err := c.QueueMails(c.mails); err != nil {
			return err
		}
	}
	if len(c.requeued) > 0 {
		if err := c.RequeueMails(c.requeued, c.now); err != nil {
			return err
		}
	}
	return c.RecordBatch(c.batch)
}

// mail queues a mail of one kind to t, and notes on t that it did.
func (c *change) mail(t *Tester, kind MailKind) {
	t.Mails++
	t.Unsettled |= kind.Bit()
	switch kind {
	case InvitationMail, ReminderMail:
		t.NotifiedAt = c.now
	case FeedbackMail:
		t.FeedbackAt = c.now
	}
	c.mails = append(c.mails, Mail{
		ID:   MailID{c.test.ID, t.Number, t.Mails},
		Kind: kind, To: t.Email, Vendor: c.batch.Vendor,
		Batch: c.batch.ID, RequestID: c.batch.RequestID, QueuedAt: c.now, DueAt: c.now,
	})
}

// note records what became of an address.
func (c *change) note(number int64, result Result, reason Reason) {
	c.batch.Entries = append(c.batch.Entries, Entry{number, result, reason})
}

func oneOf(allowed []Status) string {
	if len(allowed) == 1 {
		return string(allowed[0])
	}
	return string(allowed[0]) + " or " + string(allowed[1])
}
