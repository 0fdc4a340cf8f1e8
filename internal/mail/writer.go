package mail

import (
	"cmp"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strconv"
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
	from    netmail.Address
	host    string
	wording *Wording
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
	wording, err := ours()
	if err != nil {
		return nil, err
	}
	sender.Name = short(clean(sender.Name))
	return &Writer{from: *sender, host: host, wording: wording}, nil
}

// Use has letters written in the given words instead of Tryout's own. It is
// called before the first Write.
func (w *Writer) Use(wording *Wording) { w.wording = wording }

// Write renders a letter as a message dated now. The same letter at the same
// time gives the same octets. It fails for an unknown kind, for a recipient
// that cannot stand in an envelope, and when the kind needs a link and the
// letter has no absolute http or https one.
//
// A FeedbackEmail that is no address counts as not given.
func (w *Writer) Write(l beta.Letter, now time.Time) (Message, error) {
	words, draft, err := w.draft(l)
	if err != nil {
		return Message{}, fmt.Errorf("write letter %s: %w", l.ID, err)
	}
	return w.message(messageKey(l), words, draft, now), nil
}

// Preview returns what Write would have in a message. It fails where Write does.
func (w *Writer) Preview(l beta.Letter) (subject, text, html string, err error) {
	_, d, err := w.draft(l)
	return d.subject, d.text, d.html, err
}

// draft finds a letter's words and fills its sheet.
func (w *Writer) draft(l beta.Letter) (words, draft, error) {
	s, known := w.wording.sheet(l)
	if !known {
		return words{}, draft{}, fmt.Errorf("unknown kind %q", l.Kind)
	}
	v, err := s.words(l)
	if err != nil {
		return v, draft{}, err
	}
	d, err := s.fill(v)
	d.subject = clean(d.subject) // one line, whatever the template
	return v, d, err
}

// message puts a draft under its header.
func (w *Writer) message(key string, v words, d draft, now time.Time) Message {
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
	return Message{ID: id, From: w.from.Address, To: to, Data: compose(h, key, d)}
}

// words takes from a letter what the sheet says.
func (s *sheet) words(l beta.Letter) (words, error) {
	v := words{
		Skill:    cmp.Or(clean(l.Skill), s.language.Product),
		Vendor:   cmp.Or(clean(l.Vendor), s.language.Developer),
		To:       beta.Email{Given: clean(l.To.Given), Key: l.To.Key},
		Until:    s.language.until(l.ExpiresAt),
		Accepted: l.Accepted,
	}
	if feedback, err := beta.ParseEmail(l.FeedbackEmail); err == nil {
		v.Feedback = feedback
	}
	if err := checkAddress(v.To.Address()); err != nil {
		return v, fmt.Errorf("the recipient's address %w", err)
	}
	if !leads(s.pattern.kind) {
		return v, nil
	}
	v.Link = l.Link
	return v, checkLink(l.Link)
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

// messageKey is the left side of a letter's Message-ID. It follows from the
// stored mail, so that a second copy has the same; with the time in it, so that
// no other mail ever has, even after an older copy of the database was restored
// and numbers were given again.
func messageKey(l beta.Letter) string {
	return l.ID.String() + "." + strconv.FormatInt(l.QueuedAt.UnixMilli(), 36)
}
