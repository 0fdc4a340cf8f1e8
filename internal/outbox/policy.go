package outbox

import (
	"regexp"
	"slices"
	"time"

	"tryout/internal/mail"
)

// The limits of patience.
const (
	maxAge      = 5 * 24 * time.Hour // RFC 5321, 4.5.4.1: give up after four or five days
	minAttempts = 4                  // but not before that many: the mail may have become old in a pause
	maxUnknowns = 3                  // lost replies before somebody has to look
	maxCuts     = 3                  // cuts in a row before they count against the mail
	manyCuts    = 5                  // cuts in a row, on any mail, before all delivery pauses
	afterCut    = 10 * time.Second
)

// waits are the times between attempts: soon at first, for greylisting (whose
// usual window is five minutes), then at most twice an hour. The last goes on
// until the mail is too old.
var waits = [...]time.Duration{
	5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

// backoff returns how long to wait at least after the given number of attempts.
func backoff(attempts int) time.Duration {
	return waits[min(max(attempts, 1), len(waits))-1]
}

// spread lengthens d by up to a fifth, so that mails deferred together do not
// come back together.
func (o *Outbox) spread(d time.Duration) time.Duration { return d + o.random(d/5) }

// Refusals at RCPT TO that are not about the recipient's address.
var (
	// Enhanced codes (RFC 3463): the mailbox is full, or wants no message this
	// big; the sender's address is bad; the mail system, protocol, content or
	// policy.
	notTheAddress = regexp.MustCompile(`^5\.(2\.[23]|1\.[78]|[3567]\..*)$`)
	// Plain codes, where nothing more is said, that are.
	theAddress = []int{521, 550, 551, 553, 556}
)

// isAddressRefusal reports whether a permanent failure is about the address
// itself: it is pointless to mail it again.
func isAddressRefusal(f *mail.Failure) bool {
	if f.Step != "RCPT TO" {
		return false
	}
	if f.Reply.Enhanced == "" {
		return slices.Contains(theAddress, f.Reply.Code)
	}
	return !notTheAddress.MatchString(f.Reply.Enhanced)
}
