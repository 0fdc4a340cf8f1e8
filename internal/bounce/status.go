package bounce

import (
	netmail "net/mail"
	"strconv"
	"strings"
	"time"
)

// statuses reads the groups of a delivery status notification. A group that
// does not tell an outcome is none about a recipient.
func (p *parts) statuses() []Report {
	var found []Report
	for _, group := range p.status {
		if r, told := readStatus(group); told {
			if r.At.IsZero() {
				r.At = date(p.message("last-attempt-date", "arrival-date"))
			}
			found = append(found, p.ours(r))
		}
		if len(found) > maxReports {
			break
		}
	}
	return found
}

// readStatus reads the group of one recipient (RFC 3464, 2.3).
func readStatus(group fields) (r Report, told bool) {
	diagnostic := line(typed(group.get("diagnostic-code")), maxText)
	status, comment := readStatusField(group.get("status"))
	r.Code, r.Enhanced, r.Text = readCodes(diagnostic)
	if r.Text == "" {
		r.Text = comment
	}
	if status != "" && (isGeneral(r.Enhanced) || !isGeneral(status)) {
		r.Enhanced = status
	}
	r.Recipient = address(typed(group.get("original-recipient")))
	if r.Recipient == "" {
		r.Recipient = address(typed(group.get("final-recipient")))
	}
	r.RemoteMTA = host(group.get("remote-mta"))
	r.At = date(group.get("last-attempt-date"))
	r.Kind = kindOf(group.get("action"), status, r.Code)
	r.AddressRefused = r.Kind == Permanent && isAddressRefusal(r.Code, r.Enhanced, r.Text)
	return r, r.Kind != ""
}

// readStatusField reads "5.1.1", "5.1.1 (unknown user)" and "5.1.1; unknown".
func readStatusField(s string) (enhanced, comment string) {
	code, comment, _ := strings.Cut(line(s, maxText), " ")
	code = strings.TrimRight(code, ";,.")
	if !isEnhanced(code) {
		return "", ""
	}
	return code, strings.Trim(comment, "()")
}

// isEnhanced reports whether s is class.subject.detail (RFC 3463, 2).
func isEnhanced(s string) bool {
	part := strings.Split(s, ".")
	if len(part) != 3 || part[0] != "2" && part[0] != "4" && part[0] != "5" {
		return false
	}
	for _, p := range part[1:] {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 999 || len(p) > 3 {
			return false
		}
	}
	return true
}

// kindOf says what an action means, or where there is none that is known, the
// class of the codes. A mail given up after days of 4.x.x has failed all the same.
func kindOf(action, status string, code int) Kind {
	switch strings.ToLower(firstWord(action)) {
	case "failed", "failure":
		return Permanent
	case "delayed":
		return Temporary
	case "delivered", "relayed", "expanded":
		return Delivered
	}
	class := code / 100
	if status != "" {
		class = int(status[0] - '0')
	}
	switch class {
	case 5:
		return Permanent
	case 4:
		return Temporary
	case 2:
		return Delivered
	}
	return ""
}

// firstWord returns what stands before white space, a comment or a parameter.
func firstWord(s string) string {
	s = line(s, maxIdentifier)
	if at := strings.IndexAny(s, " (;"); at >= 0 {
		s = s[:at]
	}
	return s
}

// host reads "dns; mx.example.com (192.0.2.25)".
func host(s string) string { return strings.TrimSuffix(firstWord(typed(s)), ".") }

// date reads a date of RFC 5322, or returns the zero time.
func date(s string) time.Time {
	if len(s) > maxIdentifier {
		return time.Time{}
	}
	at, err := netmail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return plausible(at)
}

// plausible returns at in UTC, or the zero time where no mail of ours can have
// been on its way.
func plausible(at time.Time) time.Time {
	if at.Year() < 2000 || at.Year() > 9000 {
		return time.Time{}
	}
	return at.UTC()
}
