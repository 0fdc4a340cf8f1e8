package beta

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Link is what a personal invitation link names: a tester by number and by when
// they were added. Added again after a removal, the tester is another one and
// the old link stays dead; and should an older copy of the database be restored
// and a number be given once more, the old link does not open it.
type Link struct {
	Test   TestID
	Tester int64
	Added  int64 // the association date in milliseconds since 1970
}

// Place is a page that a personal link leads to; it is the first part of its
// path. The invitation and the form lead to each other and are opened by the same
// link. Unsubscribing has one of its own: it stands in the header of mails,
// where relays and logs see it, and must not open the invitation.
type Place string

// The places.
const (
	InvitationPlace  Place = "i"
	FeedbackPlace    Place = "f" // the form for feedback
	UnsubscribePlace Place = "u"
)

// Link returns the tester's personal link.
func (t Tester) Link() Link {
	return Link{t.Test, t.Number, t.AssociatedAt.UnixMilli()}
}

// Links writes and reads the personal part of invitation links:
// test-tester-added-code, where the code is an HMAC-SHA256 over the three and
// what the link is for, cut to 128 bits. Nothing of a link is stored.
type Links struct {
	codes *sync.Pool // of HMACs: one that was used before need not take in the key again
}

// NewLinks returns Links that authenticate with key, at least 32 random bytes.
func NewLinks(key []byte) Links {
	return Links{&sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Text returns the link's text at a place: letters, digits, - and _ only.
func (k Links) Text(at Place, l Link) string {
	text := make([]byte, 0, maxLinkText)
	text = append(strconv.AppendInt(text, int64(l.Test), 36), '-')
	text = append(strconv.AppendInt(text, l.Tester, 10), '-')
	text = strconv.AppendInt(text, l.Added, 36)
	code := k.code(at, text)
	return string(base64.RawURLEncoding.AppendEncode(append(text, '-'), code[:]))
}

// maxLinkText is the length of the longest text of a link.
const maxLinkText = 80

// Parse reads what [Links.Text] wrote for a place; ok is false for anything else.
func (k Links) Parse(at Place, s string) (l Link, ok bool) {
	part := strings.SplitN(s, "-", 4)
	if len(part) != 4 {
		return Link{}, false
	}
	test, ok := ParseTestID(part[0])
	tester, errTester := strconv.ParseInt(part[1], 10, 64)
	added, errAdded := strconv.ParseInt(part[2], 36, 64)
	l = Link{test, tester, added}
	return l, ok && errTester == nil && errAdded == nil && hmac.Equal([]byte(s), []byte(k.Text(at, l)))
}

// code authenticates the name of a link, which is all of its text but the code.
func (k Links) code(at Place, name []byte) (code [16]byte) {
	purpose := "invitation "
	if at == UnsubscribePlace {
		purpose = "unsubscribe "
	}
	mac := k.codes.Get().(hash.Hash)
	defer k.codes.Put(mac)
	mac.Reset()
	mac.Write([]byte(purpose))
	mac.Write(name)
	copy(code[:], mac.Sum(nil))
	return code
}

// Invitation is what the page behind a link shows.
type Invitation struct {
	Test   Test
	Status Status // what holds now
	Tester Tester // zero on the page of the test itself
	Skill  Skill
	Vendor Vendor

	TakesFeedback bool // whether testers may write now
}

var errNoInvitation = notFound("There is no such invitation.")

// Invitation returns what a link leads to. It is a [NotFound] error when the
// link names nobody any more: the tester was removed, or the link outlived the
// life that the operator set.
func (s *Service) Invitation(ctx context.Context, l Link) (Invitation, error) {
	var inv Invitation
	err := s.store.View(ctx, func(r Reader) (err error) {
		inv, err = s.invitation(r, l)
		return err
	})
	return inv, err
}

// Accept records that the tester takes the invitation. Accepting twice is no
// error. It is a [NotFound] error when the link names nobody any more, a
// [Conflict] when the test is neither RUNNING nor STARTING.
func (s *Service) Accept(ctx context.Context, l Link, requestID string) (Invitation, error) {
	return s.answer(ctx, l, requestID, OpAccept, func(TesterState) TesterState { return Accepted })
}

// Decline records that the tester says no thanks or, having accepted, leaves.
// They are not mailed any more and keep their place until they are removed.
// Its errors are those of Accept.
func (s *Service) Decline(ctx context.Context, l Link, requestID string) (Invitation, error) {
	return s.answer(ctx, l, requestID, OpDecline, func(was TesterState) TesterState {
		if was == Accepted || was == Left {
			return Left
		}
		return Declined
	})
}

// TestPage returns what the page of a test's own address shows; it names no tester.
func (s *Service) TestPage(ctx context.Context, id TestID) (Invitation, error) {
	var inv Invitation
	err := s.store.View(ctx, func(r Reader) (err error) {
		inv, err = s.about(r, id)
		return err
	})
	return inv, err
}

func (s *Service) answer(ctx context.Context, l Link, requestID string, op Operation, next func(TesterState) TesterState) (Invitation, error) {
	var inv Invitation
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		if inv, err = s.lockInvitation(tx, l); err != nil {
			return err
		}
		if inv.Status != Running && inv.Status != Starting { // in steps: the first are invited already
			return conflict("The test is not running.")
		}
		return s.setState(tx, &inv, next(inv.Tester.State), op, requestID)
	})
	return inv, err
}

func (s *Service) setState(tx Tx, inv *Invitation, state TesterState, op Operation, requestID string) error {
	if inv.Tester.State == state {
		return nil
	}
	inv.Tester.State = state
	if err := tx.SaveTesters(inv.Test.ID, []Tester{inv.Tester}); err != nil {
		return err
	}
	if err := tx.Suppress(inv.Test.ID, inv.Tester.Email.Key, state.refusal(), s.now()); err != nil {
		return err
	}
	c := s.begin(tx, Caller{Name: "tester", Vendor: inv.Vendor.ID, RequestID: requestID}, inv.Test, op)
	c.note(inv.Tester.Number, Answered, "")
	return tx.RecordBatch(c.batch)
}

// lockInvitation is invitation, holding the test against other writers.
func (s *Service) lockInvitation(tx Tx, l Link) (Invitation, error) {
	inv, err := s.about(tx, l.Test)
	if err != nil {
		return Invitation{}, err
	}
	if _, _, err := tx.LockTest(inv.Skill.ID); err != nil {
		return Invitation{}, err
	}
	return s.invitation(tx, l)
}

// invitation reads what l leads to.
func (s *Service) invitation(r Reader, l Link) (Invitation, error) {
	inv, err := s.about(r, l.Test)
	if err != nil {
		return Invitation{}, err
	}
	tester, found, err := r.TesterByNumber(l.Test, l.Tester)
	if err != nil {
		return Invitation{}, err
	}
	if !found || tester.Link() != l || s.LinkLife > 0 && s.now().After(tester.linkMailedAt().Add(s.LinkLife)) {
		return Invitation{}, errNoInvitation
	}
	inv.Tester = tester
	return inv, nil
}

// linkMailedAt returns when the tester's link was last in a mail.
func (t Tester) linkMailedAt() time.Time {
	if t.FeedbackAt.After(t.NotifiedAt) {
		return t.FeedbackAt
	}
	return t.NotifiedAt
}

// about reads what surrounds a test.
func (s *Service) about(r Reader, id TestID) (Invitation, error) {
	test, found, err := r.Test(id)
	if err != nil {
		return Invitation{}, err
	}
	if !found {
		return Invitation{}, errNoInvitation
	}
	skill, vendor, err := r.Skill(test.Skill)
	inv := Invitation{Test: test, Status: test.Status(s.now()), Skill: skill, Vendor: vendor}
	inv.TakesFeedback = test.TakesFeedback(s.now())
	return inv, err
}
