package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
	"tryout/internal/smapi"
)

// The relay refuses the address, then takes it: the whole story in words, and
// mail sent again by hand beside a running server.
func TestWhyTellsWhatTheRelaySaidAndResendSendsAgain(t *testing.T) {
	t.Parallel()
	relay := holdMail(t)
	p := newSite(t, relay.addr).serve()
	p.startTest()
	p.add("ann@x.test")
	relay.wants(t, "ann@x.test")
	relay.answer <- &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user here"}
	why := func() string { return p.text("why", "Ann@X.test", "--skill", hush) }
	until(t, "the refusal", func() bool { return strings.Contains(why(), "failed for good") })
	for _, want := range []string{
		"ann@x.test: has not answered. The test is RUNNING.\n",
		relay.addr + ` answered end of data with "550 5.1.1 no such user here".`,
		"Added by token ", "; a mail was queued.",
		"\nNext: nothing by itself",
	} {
		if got := why(); !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
	if got := p.text("resend", "ann@x.test", "--skill", hush); !strings.Contains(got, "queued again") {
		t.Errorf("resend: got %q", got)
	}
	relay.wants(t, "ann@x.test")
	relay.answer <- nil
	until(t, "the delivery", func() bool { return strings.Contains(why(), "was taken by the relay") })
	if got := p.text("resend", "ann@x.test", "--skill", hush); !strings.Contains(got, "nothing that failed") {
		t.Errorf("resend of what arrived: got %q", got)
	}
}

func TestTheStoryEndsWithWhatHappensNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	record := func(state beta.MailState, due time.Time) []beta.MailRecord {
		return []beta.MailRecord{{Mail: beta.Mail{Kind: beta.InvitationMail, Attempts: 1, DueAt: due}, State: state}}
	}
	tester := beta.Tester{Number: 1, State: beta.Invited}
	for _, c := range []struct {
		name string
		beta.Story
		want string
	}{
		{"deferred", beta.Story{Tester: tester, Mails: record(beta.MailDeferred, now.Add(5*time.Minute))},
			"Next: the invitation is sent at 2026-11-25 04:05:00 UTC, in 5m0s; that is attempt 2."},
		{"due", beta.Story{Tester: tester, Mails: record(beta.MailQueued, now)},
			"Next: the invitation is sent at once, if the server runs; that is attempt 2."},
		{"sending", beta.Story{Tester: tester, Mails: record(beta.MailSending, now.Add(time.Minute))},
			"Next: the invitation is being sent. Should the server have died in this, it is sent again at 2026-11-25 04:01:00 UTC, in 1m0s."},
		{"unknown", beta.Story{Tester: tester, MayResend: true, Mails: record(beta.MailUnknown, now)},
			"Next: nothing by itself. To send it again: tryout resend."},
		{"suppressed, and allowed since", beta.Story{Tester: tester, MayRemind: true, MayResend: true, Mails: record(beta.MailSuppressed, now)},
			"Next: nothing by itself. To send it again: tryout resend."},
		{"declined, and why did not arrive", beta.Story{Tester: beta.Tester{Number: 1, State: beta.Declined}, MayResend: true, Mails: record(beta.MailFailed, now)},
			"Next: nothing; they had said no thanks. To forward again what they wrote: tryout resend."},
		{"unsubscribed, and feedback did not arrive", beta.Story{Tester: beta.Tester{Number: 1, Blocked: beta.BecauseUnsubscribed}, MayResend: true, Mails: record(beta.MailFailed, now)},
			"Next: nothing; they want no mail of the vendor. Should they say otherwise: tryout allow. To forward again what they wrote: tryout resend."},
		{"declined", beta.Story{Tester: beta.Tester{Number: 1, State: beta.Declined}, Mails: record(beta.MailSent, now)},
			"Next: nothing; they had said no thanks."},
		{"removed", beta.Story{Mails: record(beta.MailSent, now)}, "Next: nothing."},
		{"sent", beta.Story{Tester: tester, MayRemind: true, Mails: record(beta.MailSent, now)}, "Next: nothing by itself; a reminder may be sent."},
	} {
		if diff := cmp.Diff(c.want, tell(c.Story, now).Next); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatWasTriedForDaysIsToldOnce(t *testing.T) {
	t.Parallel()
	r := beta.Reply{Relay: "mx.example:25", Step: "connect", Text: "connection refused", State: beta.MailQueued, Times: 700,
		Since: time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)}
	want := "The invitation was not taken: mx.example:25, at connect: connection refused; that was the last of 700 tries since 2026-11-20 04:00:00 UTC."
	if got := attempt(beta.InvitationMail, r); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A mail may be unknown for an earlier attempt's sake: then the last reply is not
// the one that was lost.
func TestWhatNobodyKnowsIsToldTruly(t *testing.T) {
	t.Parallel()
	const lost, givenUp = "the relay's last word was lost, or made no sense; ", "how an earlier try ended was not seen, and then it was given up; "
	for _, c := range []struct {
		beta.Reply
		want string
	}{
		{beta.Reply{Step: "end of data", Text: "EOF"}, lost + "mx:25, at end of data: EOF."},
		{beta.Reply{Step: "end of data", Code: 354, Text: "go on"}, lost + `mx:25 answered end of data with "354 go on".`},
		{beta.Reply{Step: "end of data", Code: 451, Text: "later"}, givenUp + `mx:25 answered end of data with "451 later".`},
		{beta.Reply{Step: "connect", Text: "connection refused"}, givenUp + "mx:25, at connect: connection refused."},
		{beta.Reply{Step: "RCPT TO", Code: 451, Text: "later"}, givenUp + `mx:25 answered RCPT TO with "451 later".`},
	} {
		c.Reply.State, c.Reply.Relay = beta.MailUnknown, "mx:25"
		if got, want := attempt(beta.InvitationMail, c.Reply), "Nobody knows whether the invitation was taken: "+c.want; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhatCameBackIsToldInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		beta.Reply
		want string
	}{
		{beta.Reply{Step: "returned", Relay: "mx.example", Code: 550, Enhanced: "5.1.1", Text: "no such user"},
			`The invitation came back, says mx.example: "550 5.1.1 no such user".`},
		{beta.Reply{Step: "delayed", State: beta.MailSent, Relay: "mx.example", Enhanced: "4.4.1"}, `The invitation has not arrived yet, says mx.example: "4.4.1".`},
		{beta.Reply{Step: "complaint", State: beta.MailSent, Relay: "webhook ses"}, `The invitation was reported as spam, says webhook ses.`},
		{beta.Reply{Step: "delivered", State: beta.MailSent, Relay: "webhook ses", Code: 250}, `The invitation arrived, says webhook ses: "250".`},
	} {
		if got := attempt(beta.InvitationMail, c.Reply); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	for _, k := range beta.ReturnKinds {
		if returnWords[k] == "" {
			t.Errorf("no words for %s", k)
		}
	}
}

// Every reason that the API can give has words here.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	list := regexp.MustCompile(`Reason:\s+type: string\s+enum: \[([^\]]+)\]`).FindStringSubmatch(smapi.OpenAPI())
	for reason := range strings.SplitSeq(list[1], ", ") {
		if reasons[beta.Reason(reason)] == "" {
			t.Errorf("no words for the reason %s", reason)
		}
	}
}

func TestWhyAMailWasNotSentIsToldInWords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	mail := func(state beta.MailState, why beta.Reason) beta.Story {
		m := beta.MailRecord{Mail: beta.Mail{Kind: beta.ReminderMail}, State: state, SettledAt: at, Refusal: why}
		return beta.Story{Tester: beta.Tester{Number: 1}, Mails: []beta.MailRecord{m}}
	}
	for _, c := range []struct {
		beta.Story
		want string
	}{
		{mail(beta.MailSuppressed, beta.BecauseUnsubscribed), "The reminder was not sent: they want no mail of the vendor."},
		{mail(beta.MailSuppressed, beta.BecauseUndeliverable), "The reminder was not sent: the address had refused our mail for good."},
		{mail(beta.MailDropped, ""), "The reminder was not sent: it was overtaken by what happened to the tester or the test."},
	} {
		if diff := cmp.Diff([]line{{at, c.want}}, tell(c.Story, at).Events); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Whatever a relay, or the certificate that it shows, has for words: they steer
// no terminal.
func TestAStoryHoldsNothingThatSteersATerminal(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b[2J\x07\u202e\r\nb"
	for _, r := range []beta.Reply{
		{State: beta.MailDeferred, Step: "TLS", Text: hostile},
		{State: beta.MailFailed, Step: "RCPT TO", Code: 550, Text: hostile},
		{State: beta.MailBounced, Step: "returned", Relay: "mx.example", Code: 550, Text: hostile},
	} {
		if got := attempt(beta.InvitationMail, r); strings.ContainsAny(got, "\x1b\x07\u202e\r\n") || !strings.Contains(got, "b") {
			t.Errorf("got %q", got)
		}
	}
}
