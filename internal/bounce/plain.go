package bounce

import (
	"regexp"
	"slices"
	"strings"
)

// plain reads the messages of servers that do not write RFC 3464: qmail's own
// format, which begins with fixed words, and Exim's, which names in a field who
// was not reached. Both write them only when they have given up.
func (p *parts) plain() []Report {
	text, ours := cutCopy(p.text)
	if p.returned == nil {
		p.returned, _ = readFields(ours)
	}
	if strings.HasPrefix(strings.TrimLeft(text, " \n"), "Hi. This is the") {
		return p.qmail(text)
	}
	return p.exim(text)
}

// qmail reads paragraphs of "<address>:" and a reason.
func (p *parts) qmail(text string) []Report {
	var found []Report
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if len(found) > maxReports {
			break
		}
		paragraph = strings.TrimLeft(paragraph, "\n")
		first, reason, _ := strings.Cut(paragraph, "\n")
		if a, is := strings.CutSuffix(strings.TrimSpace(first), ">:"); is && strings.HasPrefix(a, "<") {
			found = append(found, p.failed(address(a[1:]), reason))
		}
	}
	return found
}

// exim looks in the text for what is said of each address in X-Failed-Recipients.
func (p *parts) exim(text string) []Report {
	addresses := p.failedRecipients()
	if len(addresses) == 0 {
		return nil
	}
	said := map[string]string{}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		first, reason, _ := strings.Cut(strings.TrimLeft(paragraph, "\n"), "\n")
		if a := strings.Trim(first, " \t<>:"); slices.Contains(addresses, a) {
			said[a] = reason
		}
	}
	var found []Report
	for _, a := range addresses {
		found = append(found, p.failed(a, said[a]))
	}
	return found
}

// failedRecipients returns the addresses in X-Failed-Recipients; when there are
// too many, one too many.
func (p *parts) failedRecipients() []string {
	var addresses []string
	for _, f := range p.header {
		if f.name != "x-failed-recipients" {
			continue
		}
		for name := range strings.SplitSeq(f.value, ",") {
			if a := address(name); a != "" {
				addresses = append(addresses, a)
			}
			if len(addresses) > maxReports {
				return addresses
			}
		}
	}
	return addresses
}

var remoteHost = regexp.MustCompile(`(?:^|\s)host ([A-Za-z0-9.-]{1,255}) \[`) // Exim's words

// failed makes a report of a failure that was told in words.
func (p *parts) failed(recipient, reason string) Report {
	reason = line(reason, maxText)
	r := Report{Kind: Permanent, Recipient: recipient, At: date(p.header.get("date"))}
	r.Code, r.Enhanced, r.Text = readCodes(reason)
	if m := remoteHost.FindStringSubmatch(reason); m != nil {
		r.RemoteMTA = m[1]
	}
	r.AddressRefused = isAddressRefusal(r.Code, r.Enhanced, r.Text)
	return p.ours(r)
}

// cutCopy cuts the text before the copy of our message: a line of dashes and
// words says that it follows.
func cutCopy(text string) (said, ours string) {
	for at := 0; at < len(text); {
		l, _, _ := strings.Cut(text[at:], "\n")
		if strings.HasPrefix(l, "---") && strings.Contains(l, "copy of") {
			return text[:at], strings.TrimLeft(text[min(at+len(l), len(text)):], "\n")
		}
		at += len(l) + 1
	}
	return text, ""
}
