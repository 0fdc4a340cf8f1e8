package bounce

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/beta"
)

// session is one SMTP connection's dialogue.
type session struct {
	listener *Listener
	mails    []returned
}

// returned is a mail that a recipient's address proves to have been sent.
type returned struct {
	id     beta.MailID
	queued time.Time
}

// Answers. A sender that has been told 4.x.x keeps its message and comes again.
var (
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such address here"}
	errKeepIt    = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not taken for now, try again later"}
	errTooBig    = &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "A report must have at most 1 MiB"}
)

// Mail begins a message. Reports come from nobody, complaints from anybody.
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt adds a recipient, where it is a return path of ours.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	id, queued, ok := s.listener.addresses.Parse(to)
	if !ok {
		return errNoMailbox
	}
	s.mails = append(s.mails, returned{id, queued})
	return nil
}

// Data receives the message, and answers once what it reports was taken.
func (s *session) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge):
		return errTooBig
	case err != nil:
		return errKeepIt
	}
	found, err := Read(bytes.NewReader(message))
	switch {
	case errors.Is(err, ErrNotABounce): // an out-of-office reply has arrived where it should
		s.listener.log.Info("a message to a return path reports nothing", "mail", s.mails[0].id.String())
		return nil
	case errors.Is(err, ErrTooBig):
		return errTooBig
	case err != nil:
		s.listener.log.Warn("a returned message cannot be read", "mail", s.mails[0].id.String(), "err", err)
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	return s.hand(found)
}

// hand has the reports taken for each mail, one after the other.
func (s *session) hand(found []Report) error {
	l := s.listener
	ctx, cancel := context.WithTimeout(l.ctx, takeTimeout)
	defer cancel()
	for _, m := range s.mails {
		if err := l.take(ctx, m.id, m.queued, found); err != nil {
			l.log.Error("a report was not taken", "mail", m.id.String(), "err", err)
			return errKeepIt
		}
	}
	return nil
}

// Reset forgets the envelope.
func (s *session) Reset() { s.mails = nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
