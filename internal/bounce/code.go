package bounce

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// A reply code stands at the start of a reply, or after what introduces it:
	// "host mx said: 550 ...", "returned '550 ...".
	replyCode = regexp.MustCompile(`(?:^|[:;'"(]\s*)([245][0-5][0-9])(?:[ \-#]|$)`)
	// An enhanced code stands at the start, after a reply code, or behind a #.
	enhancedCode = regexp.MustCompile(`(?:^|(?:^|[^0-9.])[245][0-9][0-9][ \-]+#?|#)([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9.]|\.[^0-9]|\.?$)`)
	// What replies begin with; some servers say their code twice.
	codes = regexp.MustCompile(`^(?:[245][0-5][0-9](?:[ \-]+|$))*(?:#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?:[ :;,]+|\.? |\.?$))?`)
)

// readCodes takes the codes out of a reply's text and returns what it says besides.
func readCodes(text string) (code int, enhanced, rest string) {
	if m := replyCode.FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1])
	}
	if m := enhancedCode.FindStringSubmatch(text); m != nil {
		enhanced = m[1]
	}
	return code, enhanced, text[len(codes.FindString(text)):]
}

// isGeneral reports whether an enhanced code says no more than its class, or
// less than it should: Exim writes 5.0.0 whatever the reply was.
func isGeneral(enhanced string) bool {
	return enhanced == "" || strings.HasSuffix(enhanced, ".0.0")
}

var (
	// About the mailbox (RFC 3463, 3.2 and 3.3, RFC 7505): it is not there, has
	// moved, is ambiguous or is disabled. Not 5.1.5 (valid) and 5.1.7 to 9 (ours).
	aboutAddress = regexp.MustCompile(`^5\.(1\.(0|1|2|3|4|6|10)|2\.1)$`)
	// Codes that the words must explain: general ones; 5.4.1, which Exchange
	// Online means as 5.1.1; 5.4.4, which Postfix means as 5.1.2; 5.5.0, which
	// Outlook.com means as 5.1.1.
	needsWords  = regexp.MustCompile(`^(5\.0\.0|5\.2\.0|5\.4\.1|5\.4\.4|5\.5\.0|)$`)
	wordsRefuse = regexp.MustCompile(`(?i)recipient address rejected: access denied` +
		`|(user|mailbox|recipient|account|address)\b.{0,60}\b(unknown|not found|no longer|not exist|doesn.t (exist|have)|disabled|inactive|mailbox unavailable)` +
		`|\b(unknown|no such|invalid|nonexistent) (user|mailbox|recipient|account|address)` +
		`|no mailbox here|mailbox unavailable|host or domain name not found|domain.{0,60}not exist|couldn.t find any host`)
	wordsExcuse = regexp.MustCompile(`(?i)spam|block|black|reputation|policy|dmarc|\bspf\b|dkim|quota|full\b|too (big|large)|sender`)
)

// isAddressRefusal reports whether a permanent failure is about the address
// itself. It rather says no: a tester who is mailed in vain can be removed, one
// who is not mailed does not know of it.
func isAddressRefusal(code int, enhanced, text string) bool {
	if aboutAddress.MatchString(enhanced) {
		return true
	}
	return code/100 != 4 && code/100 != 2 && needsWords.MatchString(enhanced) &&
		wordsRefuse.MatchString(text) && !wordsExcuse.MatchString(text)
}
