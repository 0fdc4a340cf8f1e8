package mail

import (
	"errors"
	"strings"
	"unicode"
)

// maxShort is how many runes of a name a subject shows.
const maxShort = 60

// maxAddress is the longest address in octets (RFC 5321, 4.5.3.1.3 without the
// angle brackets).
const maxAddress = 254

// clean makes a name fit for one line: valid UTF-8, no control characters, no
// line or paragraph separators, nothing that turns the direction of the text
// around it, single spaces.
func clean(name string) string {
	if isClean(name) {
		return name
	}
	spaced := strings.Map(lineOnly, strings.ToValidUTF8(name, "\uFFFD"))
	return strings.Join(strings.Fields(spaced), " ")
}

// lineOnly makes a space of what would end a line or turn it around.
func lineOnly(r rune) rune {
	if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
		return ' '
	}
	return r
}

// cleanLines makes what somebody wrote fit to be quoted: line by line, each
// without what clean takes out of a name, its spaces as they are.
func cleanLines(text string) []string {
	lines := strings.Split(strings.ToValidUTF8(text, "\uFFFD"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.Map(lineOnly, line), " ")
	}
	return lines
}

// isClean reports whether a name is plain ASCII with nothing to clean; of others
// it knows nothing.
func isClean(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i == len(name)-1 || name[i-1] == ' ') {
			return false
		}
	}
	return true
}

// short cuts a name for a subject.
func short(name string) string {
	runes := []rune(name)
	if len(runes) <= maxShort {
		return name
	}
	return strings.TrimSpace(string(runes[:maxShort-1])) + "…"
}

// checkAddress refuses an address that could not stand alone between angle
// brackets in an SMTP command or a header: anything but printable ASCII, a
// second address, a quoted local part, an address literal.
func checkAddress(s string) error {
	local, domain, _ := strings.Cut(s, "@")
	switch {
	case local == "" || domain == "" || strings.Contains(domain, "@"):
		return errors.New("must be of the form name@domain")
	case len(s) > maxAddress:
		return errors.New("must have at most 254 octets")
	case !isVisible(s, `<>()[],;:"\`):
		return errors.New("must be plain ASCII without spaces, quotes and brackets")
	}
	return nil
}

// isVisible reports whether s is ASCII that can be seen, and none of some octets.
func isVisible(s, none string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(none, c) >= 0 {
			return false
		}
	}
	return true
}
