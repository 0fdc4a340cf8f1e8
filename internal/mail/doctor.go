package mail

import (
	"fmt"
	"strconv"
	"time"

	"tryout/internal/beta"
)

// The message by which an operator sees that mail arrives. It says nothing that
// templates would change.
const (
	checkSubject = "Tryout can send you mail"
	checkText    = "This message was sent by the command \"tryout doctor\" or \"tryout init\", to see whether mail arrives.\n\nNothing needs to be done.\n"
	checkHTML    = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + checkSubject + "</title>\n" +
		"<p>This message was sent by the command <code>tryout doctor</code> or <code>tryout init</code>, to see whether mail arrives.</p>\n<p>Nothing needs to be done.</p>\n</html>\n"
)

// Check writes a message to an operator, under the same header and signature as
// letters. It fails for a recipient that cannot stand in an envelope.
func (w *Writer) Check(to beta.Email, now time.Time) (Message, error) {
	if err := checkAddress(to.Address()); err != nil {
		return Message{}, fmt.Errorf("the recipient's address %w", err)
	}
	key := "doctor." + strconv.FormatInt(now.UnixMilli(), 36)
	return w.sign(w.message(key, words{To: to}, draft{checkSubject, checkText, checkHTML}, now))
}
