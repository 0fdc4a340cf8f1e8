package bounce

import (
	"errors"
	"strings"
)

// complaints reads a feedback report (RFC 5965). Reports of other things than
// somebody who does not want our mail are not bounces: a failed authentication
// (RFC 6591), a virus, "not spam after all".
func (p *parts) complaints() ([]Report, error) {
	kind := strings.ToLower(firstWord(p.feedback.get("feedback-type")))
	switch kind {
	case "":
		return nil, errors.New("bounce: the feedback-report has no Feedback-Type")
	case "abuse", "fraud", "opt-out", "opt-out-list":
	default:
		return nil, ErrNotABounce
	}
	r := p.ours(Report{
		Kind:      Complaint,
		Text:      kind,
		RemoteMTA: host(p.feedback.get("reporting-mta")),
		At:        date(p.feedback.get("arrival-date", "received-date")),
	})
	recipients := p.complainers()
	found := make([]Report, 0, len(recipients))
	for _, recipient := range recipients {
		r.Recipient = recipient
		found = append(found, r)
	}
	return found, nil
}

// complainers returns who complained, as far as told: many feedback loops tell
// nothing but what is in our message.
func (p *parts) complainers() []string {
	var found []string
	for _, f := range p.feedback {
		if a := address(typed(f.value)); f.name == "original-rcpt-to" && a != "" {
			found = append(found, a)
		}
	}
	if found == nil {
		return []string{address(p.returned.get("to"))}
	}
	return found
}
