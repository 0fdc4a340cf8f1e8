package beta

import (
	"strings"

	"golang.org/x/net/idna"
)

// Email is one mailbox address that passed [ParseEmail].
type Email struct {
	Given string // as first given, trimmed; what people and the wire see
	Key   string // lower case, the domain as A-labels; two spellings of one address share it
}

// Limits of an address, in octets (RFC 5321, 4.5.3.1).
const (
	maxLocal   = 64
	maxAddress = 254
)

// domains maps a domain to the form that is looked up (RFC 5891, UTS 46).
var domains = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
)

// ParseEmail reads one address: spaces and tabs around it are dropped, then it
// must be a dot-atom of ASCII, an @, and a domain with a dot in IDNA lookup
// form. No display name, no quoted local part, no address literal. The error
// is a [Violation] with code INVALID_STRING_LENGTH or INVALID_STRING_PATTERN;
// its message speaks of the value without repeating it.
func ParseEmail(s string) (Email, error) {
	s = strings.Trim(s, " \t")
	local, domain, found := strings.Cut(s, "@")
	switch {
	case s == "":
		return Email{}, Violation{CodeLength, "must not be empty"}
	case len(s) > maxAddress:
		return Email{}, Violation{CodeLength, "must have at most 254 octets"}
	case !found:
		return Email{}, Violation{CodePattern, "must be an e-mail address such as name@example.com: there is no @"}
	case len(local) > maxLocal:
		return Email{}, Violation{CodeLength, "must have at most 64 octets before the @"}
	case !isDotAtom(local):
		return Email{}, Violation{CodePattern, "must be an e-mail address such as name@example.com: the part before the @ is not a plain name"}
	}
	ascii, err := lookupForm(domain)
	if err != nil || !strings.Contains(ascii, ".") || !isTopLevel(ascii[strings.LastIndexByte(ascii, '.')+1:]) {
		return Email{}, Violation{CodePattern, "must be an e-mail address such as name@example.com: the part after the @ is not a domain"}
	}
	key := s
	if ascii != domain {
		key = local + "@" + ascii
	}
	key = strings.ToLower(key)
	if len(key) > maxAddress {
		return Email{}, Violation{CodeLength, "must have at most 254 octets with the domain in its ASCII form"}
	}
	return Email{Given: s, Key: key}, nil
}

// Address returns the address as an SMTP envelope wants it: the local part as
// given, the domain as A-labels.
func (e Email) Address() string {
	local, _, _ := strings.Cut(e.Given, "@")
	_, domain, _ := strings.Cut(e.Key, "@")
	return local + "@" + domain
}

// Masked returns the address with all but the first letter of its local part
// hidden, for a page that strangers may see: "a•••@example.com".
func (e Email) Masked() string {
	return e.Key[:1] + "•••" + e.Key[strings.IndexByte(e.Key, '@'):]
}

// lookupForm returns a domain as it is looked up, or an error if it is none.
func lookupForm(domain string) (string, error) {
	if isPlain(domain) {
		return domain, nil
	}
	ascii, err := domains.ToASCII(domain)
	if err == nil {
		ascii, err = domains.ToASCII(ascii) // what maps to a domain must be one itself
	}
	return ascii, err
}

// isPlain reports whether domain is seen at once to be its own lookup form:
// labels of lower case letters, digits, and single hyphens between them. Nearly
// every domain is, and [domains] takes far longer to find the same.
func isPlain(domain string) bool {
	begin := 0 // of the label
	for i := range len(domain) {
		switch c := domain[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case c == '-' && i > begin && domain[i-1] != '-':
		case c == '.' && ends(domain, begin, i):
			begin = i + 1
		default:
			return false
		}
	}
	return len(domain) <= 253 && ends(domain, begin, len(domain))
}

// ends reports whether a label that begins at begin can end before end.
func ends(domain string, begin, end int) bool {
	return begin < end && end-begin <= 63 && domain[end-1] != '-'
}

// isDotAtom reports whether s is a dot-atom-text of RFC 5322, 3.2.3.
func isDotAtom(s string) bool {
	dot := true // an atom must follow
	for i := range len(s) {
		if s[i] == '.' && dot || s[i] != '.' && !isAtext(s[i]) {
			return false
		}
		dot = s[i] == '.'
	}
	return !dot
}

func isAtext(c byte) bool {
	alnum := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
	return alnum || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// isTopLevel reports whether a label can end a domain: a number there would
// make it an IPv4 address (RFC 3696, 2).
func isTopLevel(label string) bool {
	return strings.Trim(label, "0123456789") != ""
}
