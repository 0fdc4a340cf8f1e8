package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Outcome says whose fault it is that a message was not taken, and so what is
// to become of it.
type Outcome int

// The outcomes.
const (
	Temporary     Outcome = iota + 1 // 4xx for this mail, no answer in time, an answer that is not SMTP: try later
	Permanent                        // 5xx for the recipient or the message: never
	Cut                              // 421, or the connection ended, after MAIL FROM and before the final dot was sent; or anything at RSET; or ctx ended: later, and not the mail's fault
	Away                             // the relay cannot be reached, or serves nobody now: nothing was said of the mail
	Unknown                          // the final dot was sent and no answer understood: it may have been taken
	Misconfigured                    // the relay refuses us, not the mail; or the password would go in clear
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Temporary:
		return "temporary"
	case Permanent:
		return "permanent"
	case Cut:
		return "cut"
	case Away:
		return "away"
	case Unknown:
		return "unknown"
	case Misconfigured:
		return "misconfigured"
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}

// The steps of a dialogue, in their order.
const (
	stepConnect  = "connect"
	stepTLS      = "TLS"
	stepBanner   = "banner"
	stepHello    = "EHLO"
	stepStartTLS = "STARTTLS"
	stepAuth     = "AUTH"
	stepReset    = "RSET"
	stepMail     = "MAIL FROM"
	stepRcpt     = "RCPT TO"
	stepData     = "DATA" // the command, and the message up to its end
	stepDot      = "end of data"
	stepQuit     = "QUIT"
)

// Failure is why a message was not taken.
type Failure struct {
	Outcome Outcome
	Step    string // where: "connect", "TLS", "banner", "EHLO", "STARTTLS", "AUTH", "RSET", "MAIL FROM", "RCPT TO", "DATA" or "end of data"
	Reply   Reply  // the relay's answer; its Code is zero where there was none
	Err     error  // what happened where there was no answer, else nil
}

// Error says where and what. A relay may repeat the recipient's address in its
// answer.
func (f *Failure) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("mail: %s at %s: %v", f.Step, f.Reply.Relay, f.Err)
	}
	return fmt.Sprintf("mail: %s at %s: %s", f.Step, f.Reply.Relay, f.Reply)
}

// Text is what to keep of a failure: the relay's words, or what happened where
// there was no answer. It is as harmless as [Reply.Text], though a certificate,
// too, says what it likes.
func (f *Failure) Text() string {
	if f.Err == nil {
		return f.Reply.Text
	}
	return cut(printable(f.Err.Error()), maxReplyText)
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// judge says what an answer that refuses a step means, to one who signs in or not.
func judge(step string, code int, signsIn bool) Outcome {
	switch {
	case step == stepReset:
		return Cut
	case code < 400: // the answer to something else, and so none
		return judgeError(step, errMalformed)
	case code < 500 && isBeforeMail(step):
		return Away
	case code == 421:
		return Cut
	case code < 500:
		return Temporary
	case isSignIn(code) && !signsIn:
		return Misconfigured
	case step == stepRcpt, step == stepData, step == stepDot:
		return Permanent
	}
	return Misconfigured
}

// isSignIn reports whether a code asks for a sign-in (RFC 4954, 6). Any command
// may be answered with 530 as long as nobody is signed in, and relays that take
// some recipients from everybody say so no earlier than at RCPT TO: the fault is
// ours, and no mail's. The others answer AUTH, and are said elsewhere in its place.
// Who has signed in cannot be meant by any of them once MAIL FROM was taken: then
// they are as any 5xx, or one recipient could have all mail wait.
func isSignIn(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

// judgeError says what it means that a step ended without an answer.
func judgeError(step string, err error) Outcome {
	switch {
	case step == stepDot:
		return Unknown
	case step == stepReset: // it is about the mail before
		return Cut
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Cut // by ourselves
	case step == stepTLS && !isNetwork(err) && !errors.Is(err, os.ErrDeadlineExceeded):
		return Misconfigured // a certificate, a version: trying again does not help
	case isBeforeMail(step):
		return Away
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errMalformed):
		return Temporary
	}
	return Cut
}

// isBeforeMail reports whether a step comes before anything is said of a mail.
func isBeforeMail(step string) bool {
	switch step {
	case stepConnect, stepTLS, stepBanner, stepHello, stepStartTLS, stepAuth:
		return true
	}
	return false
}

// isNetwork reports whether a TLS handshake failed below TLS. A fatal alert
// from the other side is not that, though it is dressed as a network error.
func isNetwork(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &op) && op.Op != "remote error"
}
