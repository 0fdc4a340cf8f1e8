package mail

import (
	"cmp"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"tryout/internal/beta"
)

// Message is a finished mail, ready for the wire (RFC 5322).
type Message struct {
	ID   string // the Message-ID without its angle brackets
	From string // envelope sender
	To   string // envelope recipient, the only one
	Data []byte // header and body; lines end in CRLF and have at most 998 octets
}

// Writer renders letters. It is safe for concurrent use.
type Writer struct {
	// ReturnPath is the envelope sender of the mail that was queued then, so that
	// what comes back tells which one; nil means the sender's address for all. It
	// is set before the first use.
	ReturnPath func(beta.MailID, time.Time) string
	// Postmark has mails say their Message-ID where Postmark hands it back with
	// what it reports; it has ids of its own. It is set before the first use.
	Postmark bool

	from   netmail.Address
	host   string
	sheets map[beta.MailKind]sheet
}

// NewWriter returns a Writer whose messages come from the given mailbox
// (RFC 5322, 3.4: an address, or a name and an address in angle brackets). The
// host stands on the right side of every Message-ID; it must be a domain name.
func NewWriter(from, host string) (*Writer, error) {
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("sender %q: must be an address or \"Name <address>\"", from)
	}
	if err := checkAddress(sender.Address); err != nil {
		return nil, fmt.Errorf("sender %q: the address %w", from, err)
	}
	if err := checkAddress("id@" + host); err != nil {
		return nil, fmt.Errorf("host %q: must be a domain name", host)
	}
	sheets, err := readSheets()
	if err != nil {
		return nil, err
	}
	sender.Name = short(clean(sender.Name))
	return &Writer{from: *sender, host: host, sheets: sheets}, nil
}

// Write renders a letter as a message dated now. The same letter at the same
// time gives the same octets. It fails for an unknown kind, for a recipient
// that cannot stand in an envelope, and when the kind needs a link and the
// letter has no absolute http or https one.
//
// A FeedbackEmail that is no address counts as not given.
func (w *Writer) Write(l beta.Letter, now time.Time) (Message, error) {
	s, known := w.sheets[l.Kind]
	if !known {
		return Message{}, fmt.Errorf("write letter %s: unknown kind %q", l.ID, l.Kind)
	}
	words, err := wordsOf(l, s.links)
	if err != nil {
		return Message{}, fmt.Errorf("write letter %s: %w", l.ID, err)
	}
	draft, err := s.fill(words)
	if err != nil {
		return Message{}, fmt.Errorf("write letter %s: %w", l.ID, err)
	}
	m := w.message(messageKey(l), l.Unsubscribe, words, draft, now)
	if w.ReturnPath != nil {
		m.From = w.ReturnPath(l.ID, l.QueuedAt)
	}
	return m, nil
}

// message puts a draft under its header.
func (w *Writer) message(key, unsubscribe string, v words, d draft, now time.Time) Message {
	id, to := key+"@"+w.host, v.To.Address()
	h := header{
		{"Date", now.UTC().Format(time.RFC1123Z)},
		{"From", fold(w.from.String())},
		{"To", angle(to)},
		{"Subject", encode(d.subject)},
		{"Message-ID", angle(id)},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no out-of-office answers, please
	}
	if v.Feedback.Given != "" {
		h = append(h, field{"Reply-To", angle(v.Feedback.Address())})
	}
	h = append(h, unsubscribing(unsubscribe)...)
	if w.Postmark {
		h = append(h, field{"X-PM-Metadata-message-id", key}) // a value has at most 80 characters: without the host
	}
	return Message{ID: id, From: w.from.Address, To: to, Data: compose(h, key, d)}
}

// unsubscribing is how a mail program offers to unsubscribe (RFC 2369, 3.2),
// with one click where the link is https (RFC 8058, 3.1).
func unsubscribing(link string) header {
	switch {
	case checkLink(link) != nil:
		return nil
	case strings.HasPrefix(link, "https:"):
		return header{{"List-Unsubscribe", angle(link)}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}}
	}
	return header{{"List-Unsubscribe", angle(link)}}
}

// wordsOf takes from a letter what a sheet says; links tells whether the sheet
// leads to the recipient's page.
func wordsOf(l beta.Letter, links bool) (words, error) {
	v := words{
		Skill:    cmp.Or(clean(l.Skill), "a new product"),
		Vendor:   cmp.Or(clean(l.Vendor), "The developer"),
		To:       beta.Email{Given: clean(l.To.Given), Key: l.To.Key},
		Until:    until(l.ExpiresAt),
		Link:     l.Link,
		Accepted: l.Accepted,
	}
	if feedback, err := beta.ParseEmail(l.FeedbackEmail); err == nil {
		v.Feedback = feedback
	}
	if err := checkAddress(v.To.Address()); err != nil {
		return v, fmt.Errorf("the recipient's address %w", err)
	}
	if links {
		return v, checkLink(l.Link)
	}
	return v, nil
}

// checkLink refuses what a mail reader would not open or would cut in two.
func checkLink(link string) error {
	u, err := url.Parse(link)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the link must be an absolute http or https URL")
	case strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"`, r) }):
		return fmt.Errorf("the link must be plain ASCII without spaces")
	}
	return nil
}
