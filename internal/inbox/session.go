package inbox

import (
	"io"
	"time"

	"github.com/emersion/go-smtp"
)

// session is one SMTP connection's dialogue.
type session struct {
	inbox *Inbox
	from  string
	to    []string
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data receives the message.
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := read(data)
	m.From, m.To = s.from, s.to
	m.At = time.Now() //nolint:forbidigo // when it came, for a reader; nothing depends on it
	s.inbox.add(m)
	return nil
}

// Reset forgets the envelope.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
