package beta

import (
	"cmp"
	"time"
)

// TesterState is what a tester answered.
type TesterState string

// The states of a tester.
const (
	Invited  TesterState = "INVITED"  // no answer yet
	Accepted TesterState = "ACCEPTED" // in the test
	Declined TesterState = "DECLINED" // said no thanks
	Left     TesterState = "LEFT"     // accepted once, then left
	Gone     TesterState = "REMOVED"  // not in the test any more; no row has it
)

// InvitationStatus is a tester's answer in SMAPI's two words.
type InvitationStatus string

// SMAPI's words for an invitation.
const (
	InvitationAccepted    InvitationStatus = "ACCEPTED"
	InvitationNotAccepted InvitationStatus = "NOT_ACCEPTED"
)

// Tester is an address invited to a test.
type Tester struct {
	Test         TestID
	Number       int64 // counts the testers of a test as they were added; never given twice, so a tester added again is another one
	Email        Email
	Language     Language // empty: the test's
	State        TesterState
	AssociatedAt time.Time // when the tester was added
	NotifiedAt   time.Time // when an invitation or reminder was last queued; zero if never
	FeedbackAt   time.Time // when a feedback request was last queued; zero if never
	Mails        int       // mails queued so far; what the tester wrote counts as one
	Unsettled    MailKinds // kinds of which a mail is queued and not settled
	Blocked      Reason    // why they are not mailed whatever they answered: undeliverable, unsubscribed or complained; empty while they are
}

// FormerTester is an address that a test knew: a tester who was removed, or one
// whom a call named without their being there.
type FormerTester struct {
	Number       int64
	Email        Email
	Language     Language
	AssociatedAt time.Time // zero for who was never in the test
	RemovedAt    time.Time
}

// InvitationStatus returns ACCEPTED for who is in the test, else NOT_ACCEPTED.
func (t Tester) InvitationStatus() InvitationStatus {
	if t.State == Accepted {
		return InvitationAccepted
	}
	return InvitationNotAccepted
}

// Reachable reports whether the tester may be mailed at all: not after no
// thanks, after leaving or unsubscribing, or when the address refused our mail
// for good.
func (t Tester) Reachable() bool {
	return t.Refusal() == ""
}

// Refusal says why the tester may not be mailed; empty when they may.
func (t Tester) Refusal() Reason {
	return cmp.Or(t.State.refusal(), t.Blocked)
}

// refusal says why somebody who answered so wants no mail; empty when they do.
func (s TesterState) refusal() Reason {
	switch s {
	case Declined:
		return BecauseDeclined
	case Left:
		return BecauseLeft
	}
	return ""
}
