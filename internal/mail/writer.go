package mail

import (
	"cmp"
	"fmt"
	netmail "net/mail"
	"net/url"
	"slices"
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

// Writer renders letters. It is safe for concurrent use. Set the exported fields
// before the first use; they are not changed afterwards.
type Writer struct {
	ReplyTo beta.Email // where answers go when a test has no feedback address; zero means to the sender
	Signer  Signer     // signs the finished octets; nil means nobody does

	ReturnPath func(beta.MailID, time.Time) string // the envelope sender of the mail that was queued then; nil means the sender's address for all
	Postmark   bool                                // say the Message-ID where Postmark hands it back with what it reports: it has ids of its own

	from    string // the address
	mailbox string // it with its name, as the value of From
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
	return &Writer{from: sender.Address, mailbox: mailbox(*sender), host: host, wording: wording}, nil
}

// From returns the address that messages come from.
func (w *Writer) From() string { return w.from }

// Use has letters written in the given words instead of Tryout's own. It is
// called before the first Write.
func (w *Writer) Use(wording *Wording) { w.wording = wording }

// Write renders a letter as a message dated now. The same letter at the same
// time gives the same octets, but for a signature. It fails for an unknown kind, for a recipient
// that cannot stand in an envelope, and when the kind needs a link and the
// letter has no absolute http or https one.
//
// A FeedbackEmail that is no address counts as not given.
func (w *Writer) Write(l beta.Letter, now time.Time) (Message, error) {
	words, draft, err := w.draft(l)
	if err != nil {
		return Message{}, fmt.Errorf("write letter %s: %w", l.ID, err)
	}
	m, err := w.sign(w.message(messageKey(l), words, draft, now))
	if w.ReturnPath != nil {
		m.From = w.ReturnPath(l.ID, l.QueuedAt)
	}
	if err != nil {
		return Message{}, fmt.Errorf("write letter %s: %w", l.ID, err)
	}
	return m, nil
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

// sign comes last: whatever is changed in a message afterwards breaks it.
func (w *Writer) sign(m Message) (_ Message, err error) {
	if w.Signer == nil {
		return m, nil
	}
	if m.Data, err = w.Signer.Sign(m.Data); err != nil {
		return Message{}, fmt.Errorf("sign: %w", err)
	}
	return m, nil
}

// message puts a draft under its header.
func (w *Writer) message(key string, v words, d draft, now time.Time) Message {
	id, to := key+"@"+w.host, v.To.Address()
	out := slices.Grow([]byte(nil), 1024+5*(len(d.text)+len(d.html))/4) // as much as most need
	out = appendField(out, "Date", now.UTC().Format(time.RFC1123Z))
	out = appendField(out, "From", w.mailbox)
	out = appendField(out, "To", "<", to, ">")
	out = appendField(out, "Subject", encode(d.subject))
	out = appendField(out, "Message-ID", "<", id, ">")
	out = appendField(out, "Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers, please
	if reply := cmp.Or(v.answers(), w.ReplyTo); reply.Given != "" {
		out = appendField(out, "Reply-To", "<", reply.Address(), ">")
	}
	out = appendUnsubscribing(out, v.Unsubscribe)
	if w.Postmark {
		out = appendField(out, "X-PM-Metadata-message-id", key) // a value has at most 80 characters: without the host
	}
	return Message{ID: id, From: w.from, To: to, Data: compose(out, key, d)}
}

// appendUnsubscribing says how a mail program offers to unsubscribe (RFC 2369,
// 3.2), with one click where the link is https (RFC 8058, 3.1). A link too long
// for a line is left out: relays refuse such a message, or break it.
func appendUnsubscribing(out []byte, link string) []byte {
	const name = "List-Unsubscribe"
	if link == "" || len(name+": <>")+len(link) > maxLine {
		return out
	}
	out = appendField(out, name, "<", link, ">")
	if strings.HasPrefix(link, "https:") {
		out = appendField(out, name+"-Post", "List-Unsubscribe=One-Click")
	}
	return out
}

// words takes from a letter what the sheet says.
func (s *sheet) words(l beta.Letter) (words, error) {
	v := words{
		Skill:    cmp.Or(clean(l.Skill), s.language.Product),
		Vendor:   cmp.Or(clean(l.Vendor), s.language.Developer),
		To:       beta.Email{Given: clean(l.To.Given), Key: l.To.Key},
		Until:    s.language.until(l.ExpiresAt),
		Accepted: l.Accepted, Code: l.Code,
	}
	if feedback, err := beta.ParseEmail(l.FeedbackEmail); err == nil {
		v.Feedback = feedback
	}
	if l.Kind == beta.ForwardMail {
		v.forward(l.Written)
	}
	if err := checkAddress(v.To.Address()); err != nil {
		return v, fmt.Errorf("the recipient's address %w", err)
	}
	if err := checkAddress(v.answers().Address()); err != nil && v.answers().Given != "" {
		return v, fmt.Errorf("the address for answers %w", err)
	}
	if toTester(s.pattern.kind) && checkLink(l.Unsubscribe) == nil {
		v.Unsubscribe = l.Unsubscribe
	}
	if !leads(s.pattern.kind) {
		return v, nil
	}
	v.Link = l.Link
	return v, checkLink(l.Link)
}

// forward adds what a tester wrote.
func (v *words) forward(f beta.Feedback) {
	v.Author = beta.Email{Given: clean(f.Email.Given), Key: f.Email.Key}
	v.Rating, v.Declined = f.Rating, f.Kind == beta.DeclineReason
	if f.Text != "" {
		v.Said = cleanLines(f.Text)
	}
}

// answers is where the answer to a letter goes: to the developer, or from the
// developer to the tester who wrote.
func (v words) answers() beta.Email {
	if v.Author.Given != "" {
		return v.Author
	}
	return v.Feedback
}

// checkLink refuses what a mail reader would not open or would cut in two.
func checkLink(link string) error {
	u, err := url.Parse(link)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the link must be an absolute http or https URL")
	case !isVisible(link, `<>"`):
		return fmt.Errorf("the link must be plain ASCII without spaces")
	}
	return nil
}
