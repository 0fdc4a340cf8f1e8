package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
)

// tell puts a story into plain sentences: who the tester is, what happened, the
// newest first, and what will happen next.
func tell(s beta.Story, now time.Time) told {
	t := told{Now: fmt.Sprintf("%s: %s. The test is %s.", s.Email.Given, states[s.State()], s.Status), Events: []line{}}
	for _, m := range s.Mails {
		for _, r := range m.Replies {
			t.Events = append(t.Events, line{r.At, attempt(m.Kind, r)})
		}
		if text := unsent(m); text != "" {
			t.Events = append(t.Events, line{m.SettledAt, text})
		}
	}
	for _, e := range s.Events {
		t.Events = append(t.Events, line{e.At, event(e)})
	}
	slices.SortStableFunc(t.Events, func(a, b line) int { return b.At.Compare(a.At) })
	t.Next = next(s, now)
	return t
}

var states = map[beta.TesterState]string{
	beta.Invited:  "has not answered",
	beta.Accepted: "has accepted",
	beta.Declined: "said no thanks",
	beta.Left:     "has left the test",
	beta.Gone:     "was removed",
}

var kinds = map[beta.MailKind]string{
	beta.InvitationMail: "the invitation",
	beta.ReminderMail:   "the reminder",
	beta.FeedbackMail:   "the feedback request",
	beta.RemovedMail:    "the mail about the removal",
	beta.EndedMail:      "the mail about the end",
	beta.ForwardMail:    "the mail that forwards their feedback",
}

// attempt says what one try to send a mail came to.
func attempt(kind beta.MailKind, r beta.Reply) string {
	if r.IsReturn() {
		return cameBack(kind, r)
	}
	mail, said := sentence(kinds[kind]), relaysWords(r)+repeated(r)
	switch r.State {
	case beta.MailSent:
		if r.QueueID != "" {
			said += "; its log knows the mail as " + r.QueueID
		}
		return mail + " was taken by the relay: " + said + "."
	case beta.MailFailed:
		return mail + " failed for good: " + said + "."
	case beta.MailUnknown:
		return "Nobody knows whether " + kinds[kind] + " was taken: " + doubt(r) + said + "."
	}
	return mail + " was not taken: " + said + "."
}

// doubt says where a mail came to be unknown: in the attempt that is told, whose
// answer is missing, or in one before.
func doubt(r beta.Reply) string {
	if r.Step == "end of data" && r.Code < 400 {
		return "the relay's last word was lost, or made no sense; "
	}
	return "how an earlier try ended was not seen, and then it was given up; "
}

// unsent says why a mail was not even tried when its turn came; empty if it was.
func unsent(m beta.MailRecord) string {
	switch m.State {
	case beta.MailSuppressed:
		return sentence(kinds[m.Kind]) + " was not sent: " + reasons[m.Refusal] + "."
	case beta.MailDropped:
		return sentence(kinds[m.Kind]) + " was not sent: it was overtaken by what happened to the tester or the test."
	}
	return ""
}

// repeated says how many attempts are told as one.
func repeated(r beta.Reply) string {
	if r.Times < 2 {
		return ""
	}
	return fmt.Sprintf("; that was the last of %d tries since %s", r.Times, r.Since.UTC().Format(moment))
}

// cameBack says what was told of a mail after a relay had taken it.
func cameBack(kind beta.MailKind, r beta.Reply) string {
	text := sentence(kinds[kind]) + " " + returnWords[beta.ReturnKind(r.Step)] + ", says " + r.Relay
	if words := codesAndText(r); words != "" {
		text += fmt.Sprintf(": %q", words)
	}
	return text + "."
}

var returnWords = map[beta.ReturnKind]string{
	beta.ReturnPermanent: "came back",
	beta.ReturnTemporary: "has not arrived yet",
	beta.ReturnComplaint: "was reported as spam",
	beta.ReturnDelivered: "arrived",
}

// codesAndText is a reply as it stood on the line, as far as known.
func codesAndText(r beta.Reply) string {
	text := r.Enhanced + " " + r.Text
	if r.Code != 0 {
		text = fmt.Sprint(r.Code, " ", text)
	}
	return strings.Join(strings.Fields(text), " ")
}

// relaysWords quotes what the relay said, or what was wrong on our side of the line.
func relaysWords(r beta.Reply) string {
	relay := r.Relay
	if relay == "" {
		relay = "this server"
	}
	if r.Code == 0 {
		return fmt.Sprintf("%s, at %s: %s", relay, r.Step, legible(r.Text))
	}
	return fmt.Sprintf("%s answered %s with %q", relay, r.Step, codesAndText(r))
}

// legible takes out what would steer a terminal: names in a certificate, say,
// are a stranger's.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// event says what one call did.
func event(e beta.Event) string {
	text := events[e.Operation]
	if text == "" {
		text = sentence(strings.ToLower(string(e.Operation)))
	}
	if e.By != "tester" && e.By != "clock" && e.By != "relay" {
		text += " by " + e.By
	}
	if e.Result == beta.Already {
		text += "; was there already"
	}
	switch {
	case e.Operation == beta.OpReturned && e.Reason != "":
		return text + "; not mailed from now on: " + reasons[e.Reason] + "."
	case e.Reason != "":
		return text + "; not mailed: " + reasons[e.Reason] + "."
	case e.Result == beta.Added || e.Result == beta.Mailed:
		return text + "; a mail was queued."
	}
	return text + "."
}

var events = map[beta.Operation]string{
	beta.OpStart:    "The test was started",
	beta.OpEnd:      "The test was ended",
	beta.OpExpire:   "The test's time was up",
	beta.OpAdd:      "Added",
	beta.OpRemove:   "Removed",
	beta.OpRemind:   "A reminder was asked for",
	beta.OpFeedback: "Feedback was asked for",
	beta.OpResend:   "Sent again by hand",
	beta.OpAccept:   "Accepted",
	beta.OpDecline:  "Said no thanks, or left",

	beta.OpUnsubscribe: "Unsubscribed from the vendor's mail",
	beta.OpSubscribe:   "Wants the vendor's mail after all",
	beta.OpAllow:       "Allowed to be mailed again",
	beta.OpWrite:       "Wrote feedback, or why they declined",
	beta.OpReturned:    "The relay told of it",
}

var reasons = map[beta.Reason]string{
	beta.BecauseDraft:         "the test was still a draft",
	beta.BecauseDeclined:      "they had said no thanks",
	beta.BecauseLeft:          "they had left the test",
	beta.BecauseUndeliverable: "the address had refused our mail for good",
	beta.BecauseCoolDown:      "they were mailed too recently",
	beta.BecauseUnsettled:     "an earlier one was still on its way",
	beta.BecauseRepeated:      "named twice in the same call",
	beta.BecauseNotThere:      "they were not in the test",
	beta.BecauseUnsubscribed:  "they want no mail of the vendor",
	beta.BecauseComplained:    "they reported our mail as spam",
	beta.BecauseForgotten:     "the person was erased",
	beta.BecauseQuiet:         "the call asked that nobody be mailed",
	beta.BecauseNothingFailed: "nothing that failed is there to be sent again",
}

// next says what will happen by itself, or what could be done.
func next(s beta.Story, now time.Time) string {
	for _, m := range s.Mails {
		switch m.State {
		case beta.MailQueued, beta.MailDeferred:
			return fmt.Sprintf("Next: %s is sent %s; that is attempt %d.", kinds[m.Kind], when(m.DueAt, now), m.Attempts+1)
		case beta.MailSending:
			return fmt.Sprintf("Next: %s is being sent. Should the server have died in this, it is sent again %s.", kinds[m.Kind], when(m.DueAt, now))
		}
	}
	switch reason := s.Tester.Refusal(); {
	case s.State() == beta.Gone:
		return "Next: nothing."
	case reason == beta.BecauseUndeliverable:
		return "Next: nothing by itself; " + reasons[reason] + ". To try once more: tryout resend."
	case reason == beta.BecauseUnsubscribed || reason == beta.BecauseComplained:
		return "Next: nothing; " + reasons[reason] + ". Should they say otherwise: tryout allow." + forward(s)
	case reason != "":
		return "Next: nothing; " + reasons[reason] + "." + forward(s)
	case s.MayResend:
		return "Next: nothing by itself. To send it again: tryout resend."
	case s.MayRemind:
		return "Next: nothing by itself; a reminder may be sent."
	}
	return "Next: nothing by itself."
}

// forward says what can be sent again for somebody who is not mailed.
func forward(s beta.Story) string {
	if !s.MayResend {
		return ""
	}
	return " To forward again what they wrote: tryout resend."
}

// when says when something is due, seen from now.
func when(due, now time.Time) string {
	if left := due.Sub(now).Round(time.Second); left > 0 {
		return fmt.Sprintf("at %s, in %v", due.UTC().Format(moment), left)
	}
	return "at once, if the server runs"
}

// sentence begins a sentence.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
