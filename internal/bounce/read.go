package bounce

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Read reads a message that came back and returns what it reports, in its order
// and at least one. Besides delivery status notifications (RFC 3464, RFC 6533)
// and complaints (RFC 5965) it knows the plain words of Exim and qmail.
//
// The error is [ErrNotABounce] for any other message, [ErrTooBig], one of r's,
// or says what is wrong with the report.
func Read(r io.Reader) ([]Report, error) {
	octets, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("bounce: %w", err)
	case len(octets) > MaxSize:
		return nil, ErrTooBig
	}
	var p parts
	header, body := readFields(strings.TrimLeft(unix(string(octets)), "\n"))
	p.header = header
	p.add(header, body, maxDepth)
	found, err := p.read()
	if err != nil {
		return nil, err
	}
	if len(found) > maxReports {
		return nil, fmt.Errorf("bounce: more than %d recipients in a message", maxReports)
	}
	return found, nil
}

// read returns the reports of whichever form the message has.
func (p *parts) read() ([]Report, error) {
	switch {
	case len(p.feedback) > 0:
		return p.complaints()
	case p.reports:
		found := p.statuses()
		if len(found) == 0 {
			return nil, errors.New("bounce: the delivery-status tells of no recipient's outcome")
		}
		return found, nil
	}
	found := p.plain()
	switch kind, _ := mediaType(p.header.get("content-type")); {
	case len(found) > 0:
		return found, nil
	case kind == "multipart/report" && strings.Contains(strings.ToLower(p.header.get("content-type")), "delivery-status"):
		return nil, errors.New("bounce: the multipart/report has no delivery-status that can be read")
	}
	return nil, ErrNotABounce
}

// ours completes a report with what the message tells of the mail that it is about.
func (p *parts) ours(r Report) Report {
	envelope := identifier(p.message("original-envelope-id"))
	if !strings.Contains(envelope, "@") {
		envelope = ""
	}
	r.MessageID = identifier(p.returned.get("message-id"))
	if r.MessageID == "" {
		r.MessageID = envelope
	}
	r.ReturnPath = address(p.returned.get("return-path"))
	if r.ReturnPath == "" {
		r.ReturnPath = address(typed(p.message("original-mail-from", "x-postfix-sender")))
	}
	return r
}

// message returns the first value of a field about the whole message.
func (p *parts) message(names ...string) string {
	if value := p.feedback.get(names...); value != "" {
		return value
	}
	for _, group := range p.status {
		if value := group.get(names...); value != "" {
			return value
		}
	}
	return ""
}
