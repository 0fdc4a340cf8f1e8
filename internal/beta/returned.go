package beta

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ReturnKind is what was told of a mail after a relay had taken it. It stands
// as the step of the line that the mail's attempts get.
type ReturnKind string

// The kinds of return.
const (
	ReturnPermanent ReturnKind = "returned"  // it will not arrive
	ReturnTemporary ReturnKind = "delayed"   // it has not arrived yet
	ReturnComplaint ReturnKind = "complaint" // its recipient calls it unwanted
	ReturnDelivered ReturnKind = "delivered" // it arrived
)

// ReturnKinds are all of them.
var ReturnKinds = []ReturnKind{ReturnPermanent, ReturnTemporary, ReturnComplaint, ReturnDelivered}

// Return is what a relay tells of a mail that it had taken. Its texts are of
// strangers.
type Return struct {
	Kind           ReturnKind
	AddressRefused bool   // a permanent one is about the address itself: mailing it again is pointless
	From           string // who told, such as "mx.example" or "webhook ses"
	Code           int    // as in SMTP; zero when not told
	Enhanced       string
	Text           string
	At             time.Time // when it happened, by the clock of who told; zero when not told
	RequestID      string    // of the request that it came with; empty when it came by mail
}

// maxReturns is how many returns of one attempt are kept. A mail has few; only
// its recipient could make more.
const maxReturns = 20

var errBeingSent = &Error{
	Kind: Unavailable, Code: CodeUnavailable, Message: "The mail is just being sent; tell it again later.", Retry: time.Minute,
}

// Returned records what came back of a mail that was queued at a time, which
// tells it from one that had its number before an older database was restored:
// [NotFound] when there is none such. A mail that was sent, or may have been,
// and will not arrive is bounced; a refused address is not mailed any more in
// this test, one who complained by the vendor in none.
//
// The same return twice changes nothing more, since whoever sends one repeats
// it until it was taken. While the mail is being sent nobody can tell whether
// a permanent one is about that attempt: [Unavailable], and it must be told again.
func (s *Service) Returned(ctx context.Context, id MailID, queued time.Time, r Return) error {
	return s.store.Update(ctx, func(tx Tx) error {
		test, m, err := findMail(tx, id, queued)
		switch {
		case err != nil || r.isKnown(m):
			return err
		case r.Kind == ReturnPermanent && m.State == MailSending:
			return errBeingSent
		}
		c := s.begin(tx, Caller{Name: "relay", Vendor: m.Vendor, RequestID: r.RequestID}, test, OpReturned)
		was := m.State
		if r.Kind == ReturnPermanent && (was == MailSent || was == MailUnknown) {
			m.State = MailBounced
		}
		if err := tx.NoteReturn(id, was, r.reply(m, c.now)); err != nil {
			return err
		}
		return s.follow(c, m, r)
	})
}

// findMail returns a mail of a test, which it locks.
func findMail(tx Tx, id MailID, queued time.Time) (test Test, m MailRecord, err error) {
	test, found, err := tx.Test(id.Test)
	if err != nil || !found {
		return test, m, errors.Join(err, errNoMail)
	}
	if _, _, err := tx.LockTest(test.Skill); err != nil {
		return test, m, err
	}
	mails, err := tx.TesterMails(id.Test, id.Tester)
	is := func(m MailRecord) bool { return m.ID == id && m.QueuedAt.Equal(queued) }
	if i := slices.IndexFunc(mails, is); i >= 0 {
		return test, mails[i], err
	}
	if err == nil {
		err = errNoMail
	}
	return test, m, err
}

var errNoMail = notFound("There is no such mail.")

// follow does to the tester what a return means. The batch is only of what
// changed somebody's state: that a mail arrived, as nearly all do, stands with
// the mail.
func (s *Service) follow(c *change, m MailRecord, r Return) error {
	if m.Kind == ForwardMail {
		return nil // the developer's: it says nothing of the tester
	}
	switch r.Kind {
	case ReturnPermanent:
		reason, err := c.undeliverable(m.ID, r)
		if err != nil {
			return err
		}
		c.note(m.ID.Tester, Bounced, reason)
	case ReturnComplaint:
		if err := s.refuse(c, m.Vendor, m.To.Key, BecauseComplained); err != nil {
			return err
		}
		c.note(m.ID.Tester, Answered, BecauseComplained)
	default:
		return nil
	}
	return c.RecordBatch(c.batch)
}

// undeliverable notes on who a mail went to, if they are still there, that
// their address refused it; reason is empty when it did not.
func (c *change) undeliverable(id MailID, r Return) (reason Reason, err error) {
	if !r.AddressRefused {
		return "", nil
	}
	t, found, err := c.TesterByNumber(id.Test, id.Tester)
	if err != nil || !found || t.Blocked != "" {
		return t.Blocked, err
	}
	t.Blocked = BecauseUndeliverable
	return t.Blocked, c.SaveTesters(id.Test, []Tester{t})
}

// reply is the line that a return adds to the attempts of its mail. The time
// is the teller's where it can be right.
func (r Return) reply(m MailRecord, now time.Time) Reply {
	at := r.at()
	if at.Before(lastAttempt(m)) || at.After(now) {
		at = now
	}
	return Reply{
		At: at, State: m.State, Relay: r.From, Step: string(r.Kind), Code: r.Code, Enhanced: r.Enhanced, Text: r.Text,
	}
}

func (r Return) at() time.Time { return r.At.UTC().Truncate(time.Millisecond) }

// lastAttempt is when the last attempt to send a mail ended.
func lastAttempt(m MailRecord) time.Time {
	for _, l := range slices.Backward(m.Replies) {
		if !l.IsReturn() {
			return l.At
		}
	}
	return m.QueuedAt
}

// IsReturn reports whether a line among a mail's attempts tells what came back.
func (r Reply) IsReturn() bool { return slices.Contains(ReturnKinds, ReturnKind(r.Step)) }

// isKnown reports whether m has the same return already, of its last attempt or
// of the same time, or so many that no more are kept.
func (r Return) isKnown(m MailRecord) bool {
	latest, kept := true, 0
	for _, l := range slices.Backward(m.Replies) {
		if !l.IsReturn() {
			latest = false
			continue
		}
		same := l.Step == string(r.Kind) && l.Code == r.Code && l.Enhanced == r.Enhanced && l.Text == r.Text
		if kept++; same && (latest || l.At.Equal(r.at())) || latest && kept >= maxReturns {
			return true
		}
	}
	return false
}
