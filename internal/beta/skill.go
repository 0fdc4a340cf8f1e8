package beta

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// VendorID names a vendor.
type VendorID string

// Vendor owns skills; it is the tenant.
type Vendor struct {
	ID   VendorID
	Name string
}

// SkillID names a skill: 1 to 255 characters.
type SkillID string

// Skill is the thing being tested.
type Skill struct {
	ID        SkillID
	Vendor    VendorID
	Name      string
	CreatedAt time.Time
}

// ParseSkillID checks s, the percent-decoded path segment. The error is a
// [Violation]: INVALID_STRING_LENGTH unless it has 1 to 255 characters (code
// points), INVALID_STRING_PATTERN for control characters and bad UTF-8.
func ParseSkillID(s string) (SkillID, error) {
	switch {
	case !utf8.ValidString(s):
		return "", Violation{CodePattern, "skillId: must be UTF-8"}
	case s == "" || utf8.RuneCountInString(s) > 255:
		return "", Violation{CodeLength, "skillId: must have 1 to 255 characters"}
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", Violation{CodePattern, "skillId: must not have control characters"}
	}
	return SkillID(s), nil
}

// Caller is who is acting, after the token was checked.
type Caller struct {
	Name      string // how a batch names them, such as "token 5f2c81d0"
	Vendor    VendorID
	Write     bool   // whether they may change things; reading is always allowed
	RequestID string // the request they act through

	TestersOnly bool // whether what they may change is the testers, not the test: an editor
}
