package mail

import (
	"maps"
	"slices"
	"time"

	"tryout/internal/beta"
)

// KindNames returns what the kinds of mail are called in file names and
// commands, in order.
func KindNames() []string { return slices.Sorted(maps.Values(names)) }

// KindNamed returns the kind with that name.
func KindNamed(name string) (kind beta.MailKind, known bool) {
	for kind, n := range names {
		if n == name {
			return kind, true
		}
	}
	return "", false
}

// Sample returns a letter to nobody, with everything in it, for looking at what
// mail says.
func Sample(kind beta.MailKind) beta.Letter {
	at := time.Date(2027, time.March, 14, 15, 9, 0, 0, time.UTC)
	return beta.Letter{
		QueuedAt: at, Kind: kind,
		To:    beta.Email{Given: "tester@example.org", Key: "tester@example.org"},
		Skill: "Sample Skill", Vendor: "Sample Vendor", FeedbackEmail: "feedback@example.com",
		ExpiresAt: at, Link: "https://beta.example.com/i/sample", Unsubscribe: "https://beta.example.com/u/sample",
		Code: "1234 5678",
		Written: beta.Feedback{
			Email: beta.Email{Given: "tester@example.org", Key: "tester@example.org"},
			Kind:  beta.Opinion, Rating: 4, Text: "It works well.\nThe second page is slow.",
		},
	}
}
