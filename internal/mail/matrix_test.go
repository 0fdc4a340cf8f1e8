package mail_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"tryout/internal/mail"
)

// What a relay's answer makes of a mail, in the words of docs/operations.md.
// What becomes of the mail then is package outbox's.
const (
	taken     = mail.Outcome(0)    // sent
	putOff    = mail.Temporary     // the mail is deferred, the attempt counts
	failed    = mail.Permanent     // the mail has failed; at RCPT TO the address is refused, later the message
	reconnect = mail.Cut           // the connection was at fault: no attempt is burnt
	wait      = mail.Away          // nobody is there for us: the sender pauses, no attempt is burnt
	pause     = mail.Misconfigured // we are refused, not the mail: the sender pauses, no attempt is burnt, and says so
	unknown   = mail.Unknown       // the mail may have been taken
)

// cells is one row of the matrix: what the answers of a step mean.
type cells struct {
	step    string
	later   mail.Outcome // 4xx
	bye     mail.Outcome // 421
	never   mail.Outcome // 5xx
	signIn  mail.Outcome // 530, 534, 535 and 538, which RFC 4954 gives to authentication, to one who does not sign in, or at AUTH
	garbled mail.Outcome // what is not SMTP
	gone    mail.Outcome // the connection ends before the answer, or in the middle of it
	silent  mail.Outcome // no answer in time
}

// matrix is what docs/operations.md says of "What becomes of a mail", cell by
// cell. It is written by hand, and not to be derived from the code.
//
// Before MAIL FROM nothing is said of a mail: a relay that serves nobody now is
// waited for, one that refuses us has to be told to the operator. MAIL FROM says
// who we are, so that its 5xx is ours too. From RCPT TO on a refusal is the
// mail's. After the final dot silence is not a refusal: the mail may have been
// taken. At QUIT all is over. RSET is about a mail that was refused before:
// whatever is said to it, the next one is sent, over another connection.
var matrix = []cells{
	{"banner", wait, wait, pause, pause, wait, wait, wait},
	{"EHLO", wait, wait, pause, pause, wait, wait, wait},
	{"STARTTLS", wait, wait, pause, pause, wait, wait, wait},
	{"AUTH", wait, wait, pause, pause, wait, wait, wait},
	{"MAIL FROM", putOff, reconnect, pause, pause, putOff, reconnect, putOff},
	{"RCPT TO", putOff, reconnect, failed, pause, putOff, reconnect, putOff},
	{"DATA", putOff, reconnect, failed, pause, putOff, reconnect, putOff},
	{"end of data", putOff, reconnect, failed, pause, unknown, unknown, unknown},
	{"QUIT", taken, taken, taken, taken, taken, taken, taken},
	{"RSET", taken, taken, taken, taken, taken, taken, taken},
}

// class is the cell of a code.
func (c cells) class(code int) mail.Outcome {
	switch {
	case c.step == "EHLO" && (code == 500 || code == 502):
		return taken // it does not know EHLO, and is greeted with HELO (RFC 5321, 3.2)
	case code == 421:
		return c.bye
	case code == 530, code == 534, code == 535, code == 538:
		return c.signIn
	case code >= 500:
		return c.never
	}
	return c.later
}

// conns is how many connections it takes to send a mail after one of such a
// class: a relay that closes, or that came to nothing before MAIL FROM, is
// dialed again, as is one that does not agree to RSET; any other is spoken to on
// the connection that is there.
func (c cells) conns(code int) int {
	before := c.step == "banner" || c.step == "EHLO" || c.step == "STARTTLS" || c.step == "AUTH"
	if code == 421 && c.step != "QUIT" || c.step == "RSET" || before && c.class(code) != taken {
		return 2
	}
	return 1
}

// Who has signed in, and whose MAIL FROM was taken, is not asked to sign in: what
// says so is about the mail, as any 5xx.
func TestWhoHasSignedInIsNotRefusedAsAStranger(t *testing.T) {
	t.Parallel()
	for _, row := range matrix {
		if row.step == "STARTTLS" {
			continue // the relay of the next mail would offer no AUTH
		}
		t.Run(row.step, func(t *testing.T) {
			t.Parallel()
			r := newOnce(t, row.step, "AUTH PLAIN", "PIPELINING")
			r.User, r.Password = "user", "secret"
			synctest.Test(t, func(t *testing.T) {
				for _, code := range []int{530, 534, 535, 538} {
					kept := mail.Reply{Code: code, Enhanced: "5.7.8", Text: "who"}
					r.check(t, row.never, fmt.Sprintf("%d 5.7.8 who", code), kept, row.conns(code))
				}
			})
		})
	}
}

func TestEveryCodeAtEveryStepHasItsClass(t *testing.T) {
	t.Parallel()
	for _, row := range matrix {
		for _, extension := range []string{"PIPELINING", "8BITMIME"} {
			t.Run(row.step+"/"+extension, func(t *testing.T) {
				t.Parallel()
				r := newOnce(t, row.step, extension)
				synctest.Test(t, func(t *testing.T) { // which ends when all that the clients began has ended
					for code := 400; code < 600; code++ {
						said := fmt.Sprintf("%d %d.1.%d no %s", code, code/100, code-400, row.step)
						kept := mail.Reply{Code: code, Enhanced: fmt.Sprintf("%d.1.%d", code/100, code-400), Text: "no " + row.step}
						r.check(t, row.class(code), said, kept, row.conns(code))
					}
				})
			})
		}
	}
}
