package foreign

import (
	"slices"
	"strings"

	"tryout/internal/beta"
)

// claims are what a token says, as JSON has it.
type claims map[string]any

// has reports whether a claim is a text, or a list with it. The words of a scope
// are a list.
func (c claims) has(name, value string) bool {
	switch v := c.find(name).(type) {
	case string:
		return v == value || (name == "scope" || name == "scp") && slices.Contains(strings.Fields(v), value)
	case []any:
		return slices.Contains(v, any(value))
	}
	return false
}

// find returns a claim of this name or, where there is none, what lies at it as
// a path: realm_access.roles are the roles within realm_access.
func (c claims) find(name string) any {
	if v, found := c[name]; found {
		return v
	}
	outer, inner, dotted := strings.Cut(name, ".")
	below, is := c[outer].(map[string]any)
	if !dotted || !is {
		return nil
	}
	return claims(below).find(inner)
}

// email returns the address, if they who say it have verified it.
func (c claims) email() (beta.Email, bool) {
	text, is := c[emailClaim].(string)
	if verified := c[verifiedClaim]; !is || verified != true && verified != "true" { // some write it as text
		return beta.Email{}, false
	}
	e, err := beta.ParseEmail(text)
	return e, err == nil
}
