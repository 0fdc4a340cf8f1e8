package beta

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// FeedbackKind is on what occasion a tester wrote.
type FeedbackKind string

// The kinds of feedback.
const (
	Opinion       FeedbackKind = "FEEDBACK" // what they think of the skill
	DeclineReason FeedbackKind = "DECLINE"  // why they said no thanks, or left
)

// Feedback is what a tester wrote. It never changes; only erasing the person
// takes it away.
type Feedback struct {
	ID     MailID // counted among the tester's mails: the mail that forwards it has the same
	Kind   FeedbackKind
	Rating int    // 1 to 5; zero when none was given
	Text   string // empty when there is only a rating
	At     time.Time
	Email  Email // who wrote it; zero where it is not asked for, and once the person was erased
}

// What is written has these limits, in characters (code points).
const (
	maxOpinion = 4000
	maxReason  = 500
)

// ParseFeedback reads what a form sent. An opinion has a rating, a text or
// both, a reason a text alone. Line breaks become LF, other control characters
// but tabs become spaces, since nobody sees them; space around the text goes.
// The error is a [Violation] in words for the person who wrote.
func ParseFeedback(kind FeedbackKind, rating, text string) (Feedback, error) {
	f := Feedback{Kind: kind}
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return f, Violation{CodePattern, "The text holds something that is no text. Please write it anew."}
	}
	f.Text = tidy(text)
	if kind == Opinion && rating != "" {
		f.Rating = strings.Index(" 12345", rating)
		if f.Rating < 1 || len(rating) != 1 {
			return Feedback{Kind: kind, Text: f.Text}, Violation{CodePattern, "The rating must be one of 1 to 5, or none."}
		}
	}
	return f, f.checkLength()
}

func (f Feedback) checkLength() error {
	limit, nothing := maxReason, "Nothing was written yet."
	if f.Kind == Opinion {
		limit, nothing = maxOpinion, "Nothing was written yet. Please choose a rating, write something, or both."
	}
	switch n := utf8.RuneCountInString(f.Text); {
	case n > limit:
		return Violation{CodeLength, fmt.Sprintf("The text has %d characters; at most %d can be sent.", n, limit)}
	case n == 0 && f.Rating == 0:
		return Violation{CodeLength, nothing}
	}
	return nil
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func tidy(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, lineBreaks.Replace(text)))
}

// FeedbackLife is how long after its end a test still takes feedback: people
// answer the last request late, and the mail about the end asks for thoughts.
// It is no setting, since the pages and the mails of all tests count on it.
const FeedbackLife = 30 * 24 * time.Hour

// TakesFeedback reports whether testers may write at now: while the test runs
// and for [FeedbackLife] after it ended. A test that never ran takes none.
func (t Test) TakesFeedback(now time.Time) bool {
	if t.ExpiresAt.IsZero() {
		return false
	}
	end := t.EndedAt
	if end.IsZero() {
		end = t.ExpiresAt
	}
	return now.Before(end.Add(FeedbackLife))
}

// FeedbackMark is a place in a list of feedback, from the newest on; zero is
// its beginning.
type FeedbackMark struct {
	At     time.Time
	Tester int64
	Seq    int
}

// Mark returns the place of f.
func (f Feedback) Mark() FeedbackMark { return FeedbackMark{f.At, f.ID.Tester, f.ID.Seq} }

// String returns the mark as [ParseFeedbackMark] reads it.
func (m FeedbackMark) String() string {
	return fmt.Sprintf("%d.%d.%d", m.At.UnixMilli(), m.Tester, m.Seq)
}

// ParseFeedbackMark reads what [FeedbackMark.String] wrote; ok is false for
// anything else.
func ParseFeedbackMark(s string) (m FeedbackMark, ok bool) {
	part := strings.Split(s, ".")
	if len(part) != 3 {
		return m, false
	}
	at, errAt := strconv.ParseInt(part[0], 10, 64)
	tester, errTester := strconv.ParseInt(part[1], 10, 64)
	seq, errSeq := strconv.Atoi(part[2])
	m = FeedbackMark{time.UnixMilli(at).UTC(), tester, seq}
	return m, errAt == nil && errTester == nil && errSeq == nil && m.String() == s
}
