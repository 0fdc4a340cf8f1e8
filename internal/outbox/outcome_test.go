package outbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

func TestTheOutcomeDecidesWhatBecomesOfAMail(t *testing.T) {
	t.Parallel()
	refused := func(o mail.Outcome, step string, code int) *mail.Failure { return refusal(o, step, code, "") }
	for name, test := range map[string]struct {
		err       error
		want      beta.Settlement // the reply's code and text apart
		code      int
		from, due time.Duration // bounds of the next attempt, for the unsettled
	}{
		"taken":                   {nil, beta.Settlement{State: beta.MailSent, Attempts: 1}, 250, 0, 0},
		"refused for now":         {refused(mail.Temporary, "RCPT TO", 451), beta.Settlement{State: beta.MailDeferred, Attempts: 1}, 451, 5 * time.Minute, 6 * time.Minute},
		"unreachable":             {unreachable, beta.Settlement{State: beta.MailDeferred, Attempts: 1}, 0, 5 * time.Minute, 6 * time.Minute},
		"no mail.Failure":         {errors.New("?"), beta.Settlement{State: beta.MailDeferred, Attempts: 1}, 0, 5 * time.Minute, 6 * time.Minute},
		"recipient refused":       {refused(mail.Permanent, "RCPT TO", 550), beta.Settlement{State: beta.MailFailed, Attempts: 1, Undeliverable: true}, 550, 0, 0},
		"message refused":         {refused(mail.Permanent, "end of data", 554), beta.Settlement{State: beta.MailFailed, Attempts: 1}, 554, 0, 0},
		"cut":                     {cutOff, beta.Settlement{State: beta.MailQueued, Cuts: 1}, 421, 10 * time.Second, 12 * time.Second},
		"no answer after the dot": {silence, beta.Settlement{State: beta.MailDeferred, Attempts: 1, Unknowns: 1}, 0, 5 * time.Minute, 6 * time.Minute},
		"sign-in refused":         {refused(mail.Misconfigured, "AUTH", 535), beta.Settlement{State: beta.MailQueued}, 535, 30 * time.Second, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, always(test.err))
				r.run(r.outbox())
				start := time.Now()
				r.add(1, 1)
				synctest.Wait()
				got := r.mails()[address(1)]
				if due := got.DueAt.Sub(start); got.SettledAt.UnixMilli() == 0 && (due < test.from || due > test.due) {
					t.Errorf("due after %v, want %v to %v", due, test.from, test.due)
				}
				if got.Reply.Code != test.code || test.err != nil && got.Reply.Text == "" {
					t.Errorf("reply %+v, want code %d and a text", got.Reply, test.code)
				}
				if settled := got.SettledAt.UnixMilli() != 0; settled != (test.due == 0) {
					t.Errorf("settled is %v", settled)
				}
				got.DueAt, got.SettledAt, got.Reply = time.Time{}, time.Time{}, beta.Reply{}
				if got.Settlement != test.want {
					t.Errorf("got %+v, want %+v", got.Settlement, test.want)
				}
			})
		})
	}
}

func TestThreeCutsInARowCountAsOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(cutOff))
		r.run(r.outbox())
		r.add(1, 1)
		for cuts := 1; cuts <= 2; cuts++ {
			synctest.Wait()
			if got := r.mails()[address(1)]; got.Attempts != 0 || got.Cuts != cuts {
				t.Errorf("after %d cuts: %+v", cuts, got)
			}
			time.Sleep(13 * time.Second)
		}
		synctest.Wait()
		got := r.mails()[address(1)]
		if got.State != beta.MailDeferred || got.Attempts != 1 || got.Cuts != 0 {
			t.Errorf("after three cuts: %+v; want deferred, one attempt", got)
		}
		if due := time.Until(got.DueAt); due < 4*time.Minute {
			t.Errorf("after three cuts: due in %v; want as after a 4xx", due)
		}
	})
}

func TestALostReplyIsSentAgainAndTheThirdEndsAsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(silence))
		r.run(r.outbox())
		r.add(1, 1)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		_, taken := r.relay.all()
		if len(taken) != 3 || taken[0].ID != taken[1].ID || taken[1].ID != taken[2].ID {
			t.Errorf("handed over: %v; want three times the same Message-ID", taken)
		}
		if got := r.mails()[address(1)]; got.State != beta.MailUnknown || got.Unknowns != 3 {
			t.Errorf("got %+v; want unknown", got)
		}
	})
}

func TestOnlyARefusalOfTheAddressMakesATesterUndeliverable(t *testing.T) {
	t.Parallel()
	answers := []struct {
		step     string
		code     int
		enhanced string
		want     bool
	}{
		{"RCPT TO", 550, "5.1.1", true},   // no such mailbox
		{"RCPT TO", 550, "5.1.10", true},  // the domain takes no mail
		{"RCPT TO", 556, "", true},        // the same, plain
		{"RCPT TO", 550, "5.2.1", true},   // mailbox disabled
		{"RCPT TO", 550, "", true},        // no such mailbox, plain
		{"RCPT TO", 550, "5.7.1", false},  // policy
		{"RCPT TO", 554, "5.7.25", false}, // policy: our reverse DNS
		{"RCPT TO", 552, "5.2.2", false},  // mailbox full
		{"RCPT TO", 552, "", false},       // mailbox full, plain
		{"RCPT TO", 550, "5.2.20", true},  // not 5.2.2
		{"RCPT TO", 550, "5.1.8", false},  // the sender's domain
		{"RCPT TO", 503, "5.5.1", false},  // protocol
		{"RCPT TO", 554, "", false},       // anything
		{"end of data", 550, "5.1.1", false},
	}
	synctest.Test(t, func(t *testing.T) {
		byAddress := map[string]error{}
		for n, a := range answers {
			byAddress[address(n)] = refusal(mail.Permanent, a.step, a.code, a.enhanced)
		}
		r := newRig(t, func(_ context.Context, m mail.Message, _ int) error { return byAddress[m.To] })
		r.run(r.outbox())
		r.add(0, len(answers)-1)
		synctest.Wait()
		for n, a := range answers {
			got := r.mails()[address(n)]
			if got.State != beta.MailFailed || got.Undeliverable != a.want {
				t.Errorf("%s %d %s: %s, undeliverable %v; want failed, %v", a.step, a.code, a.enhanced, got.State, got.Undeliverable, a.want)
			}
		}
	})
}

func TestTheLedgerKeepsAShortReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := textError(strings.Repeat("no\n", 10_000))
		r := newRig(t, always(&mail.Failure{Outcome: mail.Temporary, Step: "TLS", Err: long}))
		r.run(r.outbox())
		r.add(1, 1)
		synctest.Wait()
		if got := r.mails()[address(1)].Reply.Text; got != strings.Repeat("no ", 200)[:500] {
			t.Errorf("got %d octets: %.50q; want 500 on one line", len(got), got)
		}
	})
}
