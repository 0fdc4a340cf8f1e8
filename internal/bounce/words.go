package bounce

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tryout/internal/beta"
)

// line makes text of strangers fit to be kept and shown: valid UTF-8 on one
// line, no control characters, nothing that turns the direction of the text
// around it, at most n octets. Octets that are not UTF-8 are read as Latin-1,
// whatever character set was named.
func line(s string, n int) string {
	if len(s) > 8*n { // white space may go, but no message is longer for it
		s = s[:8*n]
	}
	s = strings.Join(strings.FieldsFunc(utf8Of(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	}), " ")
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func utf8Of(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if cut := strings.ToValidUTF8(s, ""); len(s)-len(cut) < utf8.UTFMax && strings.HasPrefix(s, cut) {
		return cut // only its end was cut
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// address returns s as an address that we could have mailed, or nothing.
func address(s string) string {
	s = strings.Trim(strings.TrimSpace(s), "<>\"'")
	e, err := beta.ParseEmail(s)
	if err != nil {
		return ""
	}
	return e.Given
}

// typed drops the type from "rfc822; ada@example.com" (RFC 3464, 2.1.2).
func typed(s string) string {
	if kind, value, found := strings.Cut(s, ";"); found && !strings.ContainsAny(kind, "@ <") {
		return strings.TrimSpace(value)
	}
	return s
}

// identifier returns s without angle brackets where it is one word of
// printable ASCII that is not too long, or nothing.
func identifier(s string) string { return identifierOf(s, maxIdentifier) }

func identifierOf(s string, n int) string {
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if len(s) > n || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"`, r) }) {
		return ""
	}
	return s
}
