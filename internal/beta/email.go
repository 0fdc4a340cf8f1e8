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
	ascii, err := domains.ToASCII(domain)
	if err == nil {
		ascii, err = domains.ToASCII(ascii) // what maps to a domain must be one itself
	}
	if err != nil || !strings.Contains(ascii, ".") || !isTopLevel(ascii[strings.LastIndexByte(ascii, '.')+1:]) {
		return Email{}, Violation{CodePattern, "must be an e-mail address such as name@example.com: the part after the @ is not a domain"}
	}
	key := strings.ToLower(local + "@" + ascii)
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

// isDotAtom reports whether s is a dot-atom-text of RFC 5322, 3.2.3.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.IndexFunc(atom, isNotAtext) >= 0 {
			return false
		}
	}
	return true
}

func isNotAtext(r rune) bool {
	alnum := '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
	return !alnum && (r > 0x7f || !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
}

// isTopLevel reports whether a label can end a domain: a number there would
// make it an IPv4 address (RFC 3696, 2).
func isTopLevel(label string) bool {
	return strings.Trim(label, "0123456789") != ""
}
