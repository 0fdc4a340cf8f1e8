package beta

import "time"

// Operation is what a call did.
type Operation string

// The operations that a batch records.
const (
	OpCreate   Operation = "CREATE"
	OpUpdate   Operation = "UPDATE"
	OpStart    Operation = "START"
	OpEnd      Operation = "END"
	OpExpire   Operation = "EXPIRE" // the test's time was up
	OpAdd      Operation = "ADD"
	OpRemove   Operation = "REMOVE"
	OpRemind   Operation = "REMIND"
	OpFeedback Operation = "REQUEST_FEEDBACK"
	OpResend   Operation = "RESEND"
	OpAccept   Operation = "ACCEPT"  // by the tester
	OpDecline  Operation = "DECLINE" // by the tester: no thanks, or leaving
	OpWrite    Operation = "WRITE"   // by the tester: feedback, or why they declined

	OpUnsubscribe Operation = "UNSUBSCRIBE" // by the tester: no mail of this vendor any more
	OpSubscribe   Operation = "SUBSCRIBE"   // by the tester: mail after all
	OpAllow       Operation = "ALLOW"       // by the operator: mail after all
	OpForget      Operation = "FORGET"      // by the operator: erased
	OpReturned    Operation = "RETURNED"    // by the relay: a mail came back, or its recipient complained
)

// ownTest reports whether an operation is on the test itself, not on testers.
func (o Operation) ownTest() bool {
	return o == OpCreate || o == OpUpdate || o == OpStart || o == OpEnd
}

// Result is what became of one address in a call.
type Result string

// The results.
const (
	Added    Result = "ADDED"
	Already  Result = "ALREADY_THERE"
	Removed  Result = "REMOVED"
	NotThere Result = "NOT_THERE"
	Mailed   Result = "MAILED" // invited at the start, told of the end, reminded, asked for feedback
	Skipped  Result = "SKIPPED"
	Answered Result = "ANSWERED"
	Bounced  Result = "BOUNCED" // a mail to them came back
)

// Reason says why an address was not mailed.
type Reason string

// The reasons.
const (
	BecauseDraft         Reason = "TEST_IN_DRAFT"
	BecauseDeclined      Reason = "DECLINED"
	BecauseLeft          Reason = "LEFT"
	BecauseUndeliverable Reason = "UNDELIVERABLE"
	BecauseUnsubscribed  Reason = "UNSUBSCRIBED" // wants no mail of the vendor
	BecauseComplained    Reason = "COMPLAINED"   // reported our mail as spam
	BecauseForgotten     Reason = "SUPPRESSED"   // was erased, and is not added again
	BecauseCoolDown      Reason = "COOL_DOWN"    // mailed too recently
	BecauseUnsettled     Reason = "UNSETTLED"    // an earlier mail of this kind is still on its way
	BecauseRepeated      Reason = "REPEATED"     // named before in the same call
	BecauseNotThere      Reason = "NOT_THERE"
	BecauseQuiet         Reason = "QUIET"          // the call asked that nobody be mailed
	BecauseNothingFailed Reason = "NOTHING_FAILED" // no mail of theirs is there to be sent again
)

// Batch is the record of one call that changed something: who, when, through
// which request, and what became of each address. It is the batch report and
// the audit entry in one. It names testers by number, never by address, so
// that erasing a person need not touch it.
type Batch struct {
	ID        string
	Test      TestID
	Skill     SkillID
	Vendor    VendorID
	By        string
	RequestID string
	Operation Operation
	At        time.Time
	Entries   []Entry // in the order of the request
}

// Entry returns what became of a tester; named is false when the batch is not
// about them. Of several entries it is the first that changed something.
func (b Batch) Entry(tester int64) (e Entry, named bool) {
	for _, other := range b.Entries {
		if other.Tester == tester && (!named || e.Reason == BecauseRepeated) {
			e, named = other, true
		}
	}
	return e, named
}

// Span returns the lowest and the highest number named; zero for none.
func (b Batch) Span() (first, last int64) {
	for _, e := range b.Entries {
		if first == 0 || e.Tester < first {
			first = e.Tester
		}
		last = max(last, e.Tester)
	}
	return first, last
}

// Entry is what became of one address.
type Entry struct {
	Tester int64
	Result Result
	Reason Reason // why no mail was queued; empty when one was or none was due
}

// ReportEntry is an [Entry] with the address it is about; Email is zero when
// the person was erased since. Mail is what the call queued to them, zero when
// it queued nothing.
type ReportEntry struct {
	Entry
	Email Email
	Mail  MailRecord
}
