package foreign

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// Rule gives a part in a vendor to everybody of whom others say something.
type Rule struct {
	Part   lwa.Part
	Vendor beta.VendorID
	Claim  string
	Value  string
}

// The claims that have a meaning of their own here.
const (
	emailClaim    = "email"
	verifiedClaim = "email_verified"
	userClaim     = "user_id"
)

var errRule = errors.New("must be ROLE:VENDOR:CLAIM=VALUE such as editor:M2ABC:groups=beta")

// ParseRule reads ROLE:VENDOR:CLAIM=VALUE. Vendor and value are percent-decoded,
// so that they can have a comma, a vendor a colon; the value of the claim email
// is an address.
func ParseRule(text string) (Rule, error) {
	part, rest, _ := strings.Cut(text, ":")
	vendor, rest, _ := strings.Cut(rest, ":")
	claim, value, found := strings.Cut(rest, "=")
	vendor, badVendor := url.PathUnescape(vendor)
	value, badValue := url.PathUnescape(value)
	r := Rule{lwa.Part(part), beta.VendorID(vendor), claim, value}
	switch {
	case !found || vendor == "" && badVendor == nil:
		return r, errRule
	case r.Part != lwa.Owner && r.Part != lwa.Editor && r.Part != lwa.Viewer:
		return r, fmt.Errorf("the role must be owner, editor or viewer, not %q", part)
	case badVendor != nil || badValue != nil:
		return r, errors.New("a percent sign begins an octet in hexadecimal; itself it is %25")
	case claim == "" || value == "":
		return r, errors.New("the claim or its value is missing: it " + errRule.Error())
	case claim != emailClaim:
		return r, nil
	}
	email, err := beta.ParseEmail(value)
	if err != nil {
		return r, fmt.Errorf("the value of email is no address: %w", err)
	}
	r.Value = email.Key
	return r, nil
}

// Rules are looked at in their order: the first that fits decides.
type Rules []Rule

func (list Rules) find(c claims) (Rule, bool) {
	for _, r := range list {
		if r.fits(c) {
			return r, true
		}
	}
	return Rule{}, false
}

// Vendors are those that a rule is about, each once.
func (list Rules) Vendors() (ids []beta.VendorID) {
	for _, r := range list {
		if !slices.Contains(ids, r.Vendor) {
			ids = append(ids, r.Vendor)
		}
	}
	return ids
}

func (r Rule) fits(c claims) bool {
	if r.Claim != emailClaim {
		return c.has(r.Claim, r.Value)
	}
	email, known := c.email()
	return known && email.Key == r.Value
}
