package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// maxLine is the most octets of a line without its CRLF (RFC 5322, 2.1.1).
const maxLine = 998

// octets requires CRLF pairs only, short lines, and plain ASCII.
func octets(data []byte) error {
	if bytes.ContainsAny(bytes.ReplaceAll(data, []byte("\r\n"), nil), "\r\n\x00") || !bytes.HasSuffix(data, []byte("\r\n")) {
		return errors.New("a CR or LF that is not a pair, or a NUL")
	}
	for line := range bytes.SplitSeq(data, []byte("\r\n")) {
		if len(line) > maxLine || bytes.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			return fmt.Errorf("a line of %d octets, or not in ASCII: %q", len(line), line)
		}
	}
	return nil
}

// Fields that a message has once, and those that it may have once. Any other is
// one that somebody put in, but for the trace of relays on the way.
var (
	must  = []string{"Date", "From", "To", "Subject", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type"}
	may   = []string{"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Dkim-Signature", "X-Pm-Metadata-Message-Id"}
	trace = []string{"Received", "Return-Path", "Delivered-To"}
)

// fields requires those that must be there, none twice, no others, and that To
// is the recipient alone.
func (m message) fields(to string) (err error) {
	known := map[string]bool{}
	for _, name := range must {
		known[name] = true
		if len(m.header[name]) != 1 {
			err = errors.Join(err, fmt.Errorf("%s: got %q, want exactly one", name, m.header[name]))
		}
	}
	for _, name := range may {
		known[name] = true
		if len(m.header[name]) > 1 {
			err = errors.Join(err, fmt.Errorf("%s: got %q, want at most one", name, m.header[name]))
		}
	}
	for _, name := range trace {
		known[name] = true
	}
	for name, values := range m.header {
		if !known[name] {
			err = errors.Join(err, fmt.Errorf("a field that is not ours: %s: %q", name, values))
		}
	}
	if _, bad := m.header.Date(); bad != nil {
		err = errors.Join(err, fmt.Errorf("header Date: %w", bad))
	}
	if got := m.header.Get("To"); got != "<"+to+">" {
		err = errors.Join(err, fmt.Errorf("header To: got %q, want only <%s>", got, to))
	}
	for _, name := range []string{"Subject", "From"} {
		if s := decoded(m.header.Get(name)); strings.ContainsFunc(s, breaks) {
			err = errors.Join(err, fmt.Errorf("%s is read as more than one line: %q", name, s))
		}
	}
	if from, bad := m.header.AddressList("From"); bad != nil || len(from) != 1 {
		err = errors.Join(err, fmt.Errorf("header From: got %v, %v, want one address", from, bad))
	}
	return err
}

// breaks reports whether a mail program may end a line at a rune, or show
// nothing for it.
func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// agrees reads the message once more, with another parser, and compares.
func (m message) agrees(data []byte) error {
	msg, err := gomail.EMLToMsgFromReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("the second parser: %w", err)
	}
	err = errors.Join(
		same("From", both(m.header.AddressList("From")), both(msg.GetFrom(), nil)),
		same("To", both(m.header.AddressList("To")), both(msg.GetTo(), nil)),
		same("Message-ID", m.header.Get("Message-Id"), msg.GetMessageID()),
		same("Subject", decoded(m.header.Get("Subject")), decoded(strings.Join(msg.GetGenHeader(gomail.HeaderSubject), "\n"))),
	)
	parts := msg.GetParts()
	if len(parts) != 2 || len(msg.GetCc())+len(msg.GetBcc()) > 0 {
		return errors.Join(err, fmt.Errorf("the second parser has %d parts, Cc %v, Bcc %v", len(parts), msg.GetCc(), msg.GetBcc()))
	}
	for n, want := range []string{m.text, m.html} {
		got, bad := parts[n].GetContent()
		err = errors.Join(err, bad, same(string(parts[n].GetContentType()), want, strings.ReplaceAll(string(got), "\r\n", "\n")))
	}
	return err
}

func same(what, first, second string) error {
	if first != second {
		return fmt.Errorf("%s: one parser reads %q, the other %q", what, first, second)
	}
	return nil
}

// both is a list of addresses as a text.
func both(list []*netmail.Address, err error) string {
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, a := range list {
		b.WriteString(a.String() + "\n")
	}
	return b.String()
}
