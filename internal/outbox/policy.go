package outbox

import (
	"math/rand/v2"
	"strings"
	"time"

	"tryout/internal/mail"
)

// The limits of patience.
const (
	maxAge      = 5 * 24 * time.Hour // RFC 5321, 4.5.4.1: give up after four or five days
	maxCuts     = 3                  // cuts in a row before they count against the mail
	maxUnknowns = 3                  // lost replies before somebody has to look
	afterCut    = 10 * time.Second
)

// waits are the times between attempts: soon at first, for greylisting, then
// every few hours. The last goes on until the mail is too old.
var waits = [...]time.Duration{
	2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour,
}

// wait returns how long to wait after the given number of attempts.
func wait(attempts int) time.Duration {
	return waits[min(max(attempts, 1), len(waits))-1]
}

// jitter spreads d by a fifth either way, so that mails deferred together do
// not come back together.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

// isAddressRefusal reports whether a permanent failure is about the address
// itself. Enhanced codes of class 7 (policy) and 2 (the mailbox is full) at
// RCPT are not, nor is what a relay says of the message.
func isAddressRefusal(f *mail.Failure) bool {
	code := f.Reply.Enhanced
	return f.Step == "RCPT TO" && !strings.HasPrefix(code, "5.7.") && !strings.HasPrefix(code, "5.2.2")
}
