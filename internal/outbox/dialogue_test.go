package outbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

// fate is what the ledger says after one attempt.
type fate struct {
	beta.Settlement               // but for times and the reply
	after           time.Duration // until it is due again, or up to a fifth more; zero when it is settled
	pauses          bool          // the relay is left alone, and the log says so
}

// What becomes of a mail, as docs/operations.md has it.
var (
	sent      = fate{Settlement: beta.Settlement{State: beta.MailSent, Attempts: 1}}
	noAddress = fate{Settlement: beta.Settlement{State: beta.MailFailed, Attempts: 1, Undeliverable: true}}
	noMessage = fate{Settlement: beta.Settlement{State: beta.MailFailed, Attempts: 1}}
	putOff    = fate{Settlement: beta.Settlement{State: beta.MailDeferred, Attempts: 1}, after: 5 * time.Minute}
	mayBe     = fate{Settlement: beta.Settlement{State: beta.MailDeferred, Attempts: 1, Unknowns: 1}, after: 5 * time.Minute}
	reconnect = fate{Settlement: beta.Settlement{State: beta.MailQueued, Cuts: 1}, after: 10 * time.Second}
	pause     = fate{Settlement: beta.Settlement{State: beta.MailQueued}, after: 30 * time.Second, pauses: true}
)

// dialogues is the fate of a mail by the step of its first dialogue and what the
// relay does there. It is written by hand, and not to be derived from the code.
var dialogues = []struct {
	step                                        string
	later, bye, never, signIn, garbled, tornOff fate
}{
	{"banner", pause, pause, pause, pause, pause, pause},
	{"EHLO", pause, pause, pause, pause, pause, pause},
	{"STARTTLS", pause, pause, pause, pause, pause, pause},
	{"AUTH", pause, pause, pause, pause, pause, pause},
	{"MAIL FROM", putOff, reconnect, pause, pause, putOff, reconnect},
	{"RCPT TO", putOff, reconnect, noAddress, pause, putOff, reconnect},
	{"DATA", putOff, reconnect, noMessage, pause, putOff, reconnect},
	{"end of data", putOff, reconnect, noMessage, pause, mayBe, mayBe},
	{"QUIT", sent, sent, sent, sent, sent, sent},
}

// said is an answer, its reply as the ledger keeps it, and the mail's fate.
type said struct {
	answer string
	kept   beta.Reply
	fate   fate
}

func TestTheLedgerTellsHowEveryDialogueWent(t *testing.T) {
	t.Parallel()
	for _, row := range dialogues {
		t.Run(row.step, func(t *testing.T) {
			t.Parallel()
			v := &receiver{offers: offersFor(row.step)}
			defer v.listen(t)()
			list := []said{
				{"451 4.3.0 later", beta.Reply{Code: 451, Enhanced: "4.3.0", Text: "later"}, row.later},
				{"421 4.3.2 bye", beta.Reply{Code: 421, Enhanced: "4.3.2", Text: "bye"}, row.bye},
				{"550 5.1.1 never", beta.Reply{Code: 550, Enhanced: "5.1.1", Text: "never"}, row.never},
				{"535 5.7.8 who", beta.Reply{Code: 535, Enhanced: "5.7.8", Text: "who"}, row.signIn},
				{"HTTP/1.1 400 Bad Request", beta.Reply{Text: "the answer is not SMTP"}, row.garbled},
				{"550 5.1.1 nev" + torn, beta.Reply{}, row.tornOff},
				{"451", beta.Reply{Code: 451}, row.later},
				{"550", beta.Reply{Code: 550}, row.never},
				{"550-5.1.1 not\r\n550 5.1.1 you", beta.Reply{Code: 550, Enhanced: "5.1.1", Text: "not you"}, row.never},
				{"451 4.3.0 " + strings.Repeat("x", 10<<10), beta.Reply{Code: 451, Enhanced: "4.3.0", Text: strings.Repeat("x", 500)}, row.later},
				{"550 5.1.1 \xff\xfeZo\xeb \x1b[2J\u2028", beta.Reply{Code: 550, Enhanced: "5.1.1", Text: "\uFFFDZo\uFFFD [2J"}, row.never},
			}
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				for n, s := range list {
					v.tell(row.step, s.answer)
					r.converse(v, n, s.fate.pauses)
					r.check(v, row.step, n, s)
				}
			})
		})
	}
}

func offersFor(step string) []string {
	switch step {
	case "STARTTLS":
		return []string{"STARTTLS"}
	case "AUTH":
		return []string{"AUTH PLAIN"}
	}
	return nil
}

// converse attempts a mail to t(n), until nothing more happens at once, which
// leaves one line in the log and, when that begins a pause, another.
func (r *rig) converse(v *receiver, n int, pauses bool) {
	r.Helper()
	before := len(r.log.String())
	client := &mail.Client{Relay: v.Relay}
	if slices.Contains(v.offers, "AUTH PLAIN") {
		client.Relay.User, client.Relay.Password = "user", "secret"
	}
	o := r.outbox()
	o.Relays = []outbox.Sender{client}
	stop := r.run(o)
	r.add(n, n)
	synctest.Wait()
	stop()
	r.must(client.Close())
	log := r.log.String()[before:]
	lines, said := strings.Count(log, "\n"), strings.Count(log, "delivery pauses")
	if strings.Count(log, "msg=mail ") != 1 || lines != 1+said || (said == 1) != pauses {
		r.Errorf("%q: want one line for the attempt, and one for a pause: %v", log, pauses)
	}
}

// check holds the ledger's word on t(n) against what is due.
func (r *rig) check(v *receiver, step string, n int, want said) {
	r.Helper()
	got := r.mails()[address(n)]
	if v.times(step) <= n {
		r.Errorf("%.40q at %s: was not asked for", want.answer, step)
	}
	kept := want.kept
	if want.fate == sent {
		id := fmt.Sprintf("Q-%d", n+1)
		kept, step = beta.Reply{Code: 250, Enhanced: "2.0.0", Text: "queued as " + id, QueueID: id}, "end of data"
	}
	kept.Relay, kept.Step, kept.State = v.Addr(), step, want.fate.State
	if kept.Code == 0 && kept.Text == "" && got.Reply.Text != "" && utf8.ValidString(got.Reply.Text) {
		kept.Text = got.Reply.Text // the system's own words
	}
	due, settled := time.Until(got.DueAt), got.SettledAt.UnixMilli() != 0
	if after := want.fate.after; settled != (after == 0) || !settled && (due < after || due > after*6/5) {
		r.Errorf("%.40q at %s: settled is %v, due in %v, want %v", want.answer, step, settled, due, after)
	}
	want.fate.Settlement.Reply = kept
	got.DueAt, got.SettledAt = time.Time{}, time.Time{}
	if got.Settlement != want.fate.Settlement {
		r.Errorf("%.40q at %s:\ngot  %+v\nwant %+v", want.answer, step, got.Settlement, want.fate.Settlement)
	}
}
