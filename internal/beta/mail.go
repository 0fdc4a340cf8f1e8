package beta

import (
	"strconv"
	"time"
)

// MailKind is what a mail is about.
type MailKind string

// The kinds of mail.
const (
	InvitationMail MailKind = "INVITATION"
	ReminderMail   MailKind = "REMINDER"
	FeedbackMail   MailKind = "FEEDBACK"
	RemovedMail    MailKind = "REMOVED" // access removed
	EndedMail      MailKind = "ENDED"   // test ended
	ForwardMail    MailKind = "FORWARD" // to the developer: what a tester wrote
	SignInMail     MailKind = "SIGN_IN" // to whoever signs in: a code; it is of no test
)

// ToTester reports whether mails of a kind are to testers.
func (k MailKind) ToTester() bool { return k != ForwardMail && k != SignInMail }

// MailKinds is a set of kinds.
type MailKinds int64

// Bit returns the set that holds k alone; the empty one for a kind that is not to
// testers and is noted nowhere on them.
func (k MailKind) Bit() MailKinds {
	switch k {
	case InvitationMail:
		return 1
	case ReminderMail:
		return 2
	case FeedbackMail:
		return 4
	case RemovedMail:
		return 8
	case EndedMail:
		return 16
	}
	return 0
}

// Has reports whether k is in the set.
func (s MailKinds) Has(k MailKind) bool { return s&k.Bit() != 0 }

// MailState is where a mail is on its way.
type MailState string

// The states of a mail. The first three are unsettled: something is still to happen.
const (
	MailQueued     MailState = "queued"     // waits for its first attempt
	MailSending    MailState = "sending"    // claimed; an attempt is under way
	MailDeferred   MailState = "deferred"   // an attempt failed for now; another follows
	MailSent       MailState = "sent"       // the relay took it
	MailFailed     MailState = "failed"     // refused for good, or given up
	MailBounced    MailState = "bounced"    // came back after it was sent
	MailSuppressed MailState = "suppressed" // its recipient was not mailed any more when its turn came: a wish of theirs, or their address
	MailDropped    MailState = "dropped"    // overtaken when its turn came: the tester was removed, the test ended
	MailUnknown    MailState = "unknown"    // the relay may or may not have taken it
)

// MailID names a mail: the tester it is to, or from whom it forwards something,
// and which of the tester's mails it is. A [SignInMail] has a Test of its own,
// which is no test's, and no tester.
type MailID struct {
	Test   TestID
	Tester int64
	Seq    int // 1 for a tester's first
}

// String returns the id as it stands in a Message-ID.
func (id MailID) String() string {
	return id.Test.String() + "." + strconv.FormatInt(id.Tester, 10) + "." + strconv.Itoa(id.Seq)
}

// Mail is something to be sent to one address, of one kind, not yet written.
// It holds no text and no link: both are made when it is sent.
type Mail struct {
	ID        MailID
	Kind      MailKind
	To        Email
	Vendor    VendorID
	Batch     string    // the batch that caused it
	RequestID string    // the request that caused it
	QueuedAt  time.Time // when it was caused
	DueAt     time.Time // when the next attempt may begin
	Attempts  int       // attempts begun, this one included once it is claimed
	Cuts      int       // attempts in a row that ended with a cut connection
	Unknowns  int       // attempts that may have ended well unseen: the final reply was lost, or the worker died
}

// MailRecord is a mail with all that became of it.
type MailRecord struct {
	Mail
	State     MailState
	SettledAt time.Time // when nothing more was to happen; zero while it is unsettled
	Refusal   Reason    // why it is [MailSuppressed]; empty in any other state
	Replies   []Reply   // of its attempts, and what came back, the oldest first
}

// Letter is everything a message says: what the outbox asks for just before it
// sends a [Mail].
type Letter struct {
	ID            MailID
	QueuedAt      time.Time // when it was caused; with ID, it names the message for good
	Kind          MailKind
	To            Email
	Skill         string // the skill's name
	SkillID       SkillID
	Vendor        string // the vendor's name
	VendorID      VendorID
	Language      Language  // empty means English
	FeedbackEmail string    // where feedback goes; empty when not given
	ExpiresAt     time.Time // when the test ends by itself
	Link          string    // the recipient's personal link, absolute; in a feedback request that of the form
	Unsubscribe   string    // where the recipient says that they want no mail of the vendor, absolute
	Accepted      bool      // whether the recipient has accepted
	Refusal       Reason    // why the recipient is not mailed; empty while they are
	Code          string    // of a [SignInMail], good once for whoever asked for it; its Link leads to where it is typed
	Written       Feedback  // what a [ForwardMail] forwards; it says nothing else of the test, and has no link
}

// Reply is what an attempt to send a mail came to, in the relay's own words, or
// what came back of it later ([Reply.IsReturn]).
//
// Attempts in a row that left the mail waiting and came to the same are one
// Reply; so are those after the first hundred, whatever they came to.
type Reply struct {
	At       time.Time // when the attempt ended; of several, the last
	Times    int       // how many attempts this is; 0 and 1 both mean one
	Since    time.Time // when the first of several ended; zero for one
	State    MailState // what followed for the mail
	Relay    string    // host:port; of what came back, who told
	Step     string    // the command it answered, such as "RCPT TO"; or a [ReturnKind]
	Code     int       // 250; zero when there was no reply
	Enhanced string    // "2.1.5" (RFC 3463); empty when the relay gave none
	Text     string    // its words; or what went wrong on our side of the line
	QueueID  string    // under which the relay's own log knows the mail; empty when it told none
}

// Settlement is the outcome of an attempt to send a mail.
type Settlement struct {
	State         MailState
	DueAt         time.Time // when deferred: the next attempt
	SettledAt     time.Time // when nothing more is to happen; zero while deferred
	Attempts      int       // that count
	Cuts          int
	Unknowns      int
	Undeliverable bool   // the address itself was refused for good
	Refusal       Reason // when suppressed: why
	Reply         Reply
}

// Attempt is a mail, the claim under which it was to be sent, and what came of it.
type Attempt struct {
	Claim   string
	Mail    Mail
	Outcome Settlement
}
