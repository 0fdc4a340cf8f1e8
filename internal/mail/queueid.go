package mail

import "regexp"

// queueIDs are how relays name the mail that they took, in the reply to its end
// of data: Postfix, OpenSMTPD's and Sendmail's likes, Exim, Exchange. RFC 5321 leaves the words free.
var queueIDs = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bqueued as ([A-Za-z0-9._-]+)`),
	regexp.MustCompile(`(?i)\bid=([A-Za-z0-9._-]+)`),
	regexp.MustCompile(`(?i)\bInternalId=([0-9]+)`),
	regexp.MustCompile(`(?i)^([A-Za-z0-9._-]{6,}) message accepted`),
	regexp.MustCompile(`(?i)^ok:? +(?:queued:? +)?([A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]{4,})$`),
}

// QueueID returns under what name the relay's own log knows a mail that it
// took; empty when the reply tells none.
func (r Reply) QueueID() string {
	for _, pattern := range queueIDs {
		if m := pattern.FindStringSubmatch(r.Text); m != nil {
			return m[1]
		}
	}
	return ""
}
