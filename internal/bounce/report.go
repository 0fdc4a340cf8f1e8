package bounce

import (
	"errors"
	"time"
)

// Kind is what became of a mail.
type Kind string

// The kinds of report.
const (
	Permanent Kind = "permanent" // it will not arrive
	Temporary Kind = "temporary" // it has not arrived yet, or the relay says to try again later
	Complaint Kind = "complaint" // its recipient calls it unwanted
	Delivered Kind = "delivered" // it arrived, or went on to where reports end
)

// Report is what was told about one mail and one recipient. What was not told is
// zero. All text is of strangers: clean, short, on one line, and not to be trusted.
type Report struct {
	Kind Kind

	// AddressRefused tells that a permanent failure is about the address itself,
	// so that it is pointless to mail it again. A full mailbox, a message that is
	// too big, or a policy says nothing of the address.
	AddressRefused bool

	Recipient string // the address that it is about, which may not be the one we mailed
	Code      int    // 250 to 599, as in SMTP
	Enhanced  string // "5.1.1" (RFC 3463)
	Text      string // in the words of who refused
	RemoteMTA string // who refused

	MessageID  string // of our message, without angle brackets
	ReturnPath string // of our message; see [Addresses.Parse]
	RelayID    string // what the relay called our message when it took it

	At time.Time // when it happened, by the clock of who tells
}

// Errors that callers tell apart.
var (
	// ErrNotABounce means that a message can be read and is no report: an
	// out-of-office reply, say.
	ErrNotABounce = errors.New("bounce: the message is not a report")
	// ErrTooBig means more than [MaxSize].
	ErrTooBig = errors.New("bounce: more than 1 MiB")
	// ErrSignature means that who posted did not prove to know the secret, or
	// did so at another time.
	ErrSignature = errors.New("bounce: the signature is missing, wrong, or of another time")
)

// Bounds of what is read.
const (
	MaxSize       = 1 << 20 // of a message or a post, in octets
	maxDepth      = 8       // of parts in parts
	maxParts      = 100     // of a part; what follows is not read
	maxReports    = 100     // in a message
	maxEvents     = 10_000  // in a post
	maxText       = 500     // of a report's Text, in octets
	maxIdentifier = 255     // of its other texts
	maxLink       = 2000    // of an address to open
)
