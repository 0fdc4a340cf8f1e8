package beta

import (
	"strconv"
	"time"
)

// TestID names one round of a skill's beta tests.
type TestID int64

// String returns the id as it stands in links and pages.
func (id TestID) String() string { return strconv.FormatInt(int64(id), 36) }

// ParseTestID reads what [TestID.String] wrote; ok is false for anything else.
func ParseTestID(s string) (id TestID, ok bool) {
	n, err := strconv.ParseInt(s, 36, 64)
	return TestID(n), err == nil && n > 0 && TestID(n).String() == s
}

// Status is where a test is in its life; the values are SMAPI's.
type Status string

// The states of a test.
const (
	InDraft  Status = "IN_DRAFT"
	Starting Status = "STARTING"
	Running  Status = "RUNNING"
	Stopping Status = "STOPPING"
	Ended    Status = "ENDED"
)

// Test is one beta test of a skill.
type Test struct {
	ID            TestID
	Skill         SkillID
	Round         int       // 1 for a skill's first test
	Stored        Status    // as last written; Status tells what holds now
	FeedbackEmail string    // where feedback goes; empty when not given
	Language      Language  // of testers who have none of their own; empty means English
	CreatedAt     time.Time // when it became IN_DRAFT
	ExpiresAt     time.Time // when it ends by itself; zero until it was started
	EndedAt       time.Time // when it ended; zero until that was written down
	Testers       int       // testers now in the test
	Numbers       int64     // the highest tester number given so far
	Queued        int64     // while STARTING or STOPPING: every tester up to this number has its mail
}

// Status returns the state that holds at now: a test whose time is up is ENDED
// whatever was last written.
func (t Test) Status(now time.Time) Status {
	if t.expired(now) {
		return Ended
	}
	return t.Stored
}

// expired reports whether the test ran out of time and nobody wrote it down yet.
func (t Test) expired(now time.Time) bool {
	over := !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
	return over && t.Stored != Ended && t.Stored != InDraft
}
