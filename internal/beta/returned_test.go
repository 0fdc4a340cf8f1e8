package beta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

var noSuchUser = beta.Return{
	Kind: beta.ReturnPermanent, AddressRefused: true, From: "mx.example",
	Code: 550, Enhanced: "5.1.1", Text: "no such user",
}

// mailsOf returns the mails of a tester, the oldest first.
func (w *world) mailsOf(address string) (mails []beta.MailRecord) {
	w.t.Helper()
	t := w.tester(address)
	w.view(func(r beta.Reader) (err error) {
		mails, err = r.TesterMails(t.Test, t.Number)
		return err
	})
	return mails
}

// mailed is a world in which the mail to anna was sent just now.
func mailed(t *testing.T) (*world, beta.MailRecord) {
	t.Helper()
	w := newRunning(t)
	w.add("anna@example.com", "ben@example.com")
	w.settleAll(func(beta.Mail) beta.Settlement {
		s := settled(beta.MailSent, w.clock.Now())
		s.Reply = beta.Reply{At: w.clock.Now(), Relay: "relay.example:25", Step: "end of data", Code: 250}
		return s
	})
	return w, w.mailsOf("anna@example.com")[0]
}

func (w *world) returned(m beta.MailRecord, r beta.Return) {
	w.t.Helper()
	w.ok(w.Returned(w.ctx, m.ID, m.QueuedAt, r))
}

// wantMail checks the state of the mail to anna, its lines after the first, and
// why she is not mailed.
func (w *world) wantMail(state beta.MailState, blocked beta.Reason, lines ...string) {
	w.t.Helper()
	m := w.mailsOf("anna@example.com")[0]
	var got []string
	for _, l := range m.Replies[1:] {
		got = append(got, fmt.Sprintf("%s %s %s: %d %s %s", l.State, l.Step, l.Relay, l.Code, l.Enhanced, l.Text))
	}
	if diff := cmp.Diff(lines, got); diff != "" || m.State != state {
		w.t.Errorf("the mail is %s, want %s; its lines (-want +got):\n%s", m.State, state, diff)
	}
	if got := w.tester("anna@example.com").Blocked; got != blocked {
		w.t.Errorf("blocked: got %q, want %q", got, blocked)
	}
}

// history returns what calls did to anna, the newest first.
func (w *world) history() (lines []string) {
	w.t.Helper()
	story, err := w.Story(w.ctx, owner, skill, email("anna@example.com"))
	w.ok(err)
	for _, e := range story.Events {
		lines = append(lines, fmt.Sprintf("%s by %s: %s %s", e.Operation, e.By, e.Result, e.Reason))
	}
	return lines
}

func TestWhatComesBackIsToldWithTheMail(t *testing.T) {
	t.Parallel()
	full := beta.Return{Kind: beta.ReturnPermanent, From: "mx.example", Code: 552, Enhanced: "5.2.2", Text: "full"}
	for _, c := range []struct {
		name string
		beta.Return
		state   beta.MailState
		blocked beta.Reason
		line    string
		history string
	}{
		{"address refused", noSuchUser, beta.MailBounced, beta.BecauseUndeliverable,
			"bounced returned mx.example: 550 5.1.1 no such user", "RETURNED by relay: BOUNCED UNDELIVERABLE"},
		{"permanent", full, beta.MailBounced, "", "bounced returned mx.example: 552 5.2.2 full", "RETURNED by relay: BOUNCED "},
		{"temporary", beta.Return{Kind: beta.ReturnTemporary, From: "x", Code: 450, Text: "later", AddressRefused: true}, beta.MailSent, "", "sent delayed x: 450  later", ""},
		{"delivered", beta.Return{Kind: beta.ReturnDelivered, From: "webhook ses", Code: 250}, beta.MailSent, "", "sent delivered webhook ses: 250  ", ""},
		{"complaint", beta.Return{Kind: beta.ReturnComplaint, From: "x", Text: "abuse"}, beta.MailSent, beta.BecauseComplained,
			"sent complaint x: 0  abuse", "RETURNED by relay: ANSWERED COMPLAINED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, m := mailed(t)
			for range 3 { // whoever tells it repeats it
				w.clock.Advance(time.Minute)
				w.returned(m, c.Return)
			}
			w.wantMail(c.state, c.blocked, c.line)
			var want []string
			if c.history != "" {
				want = append(want, c.history)
			}
			if diff := cmp.Diff(append(want, "ADD by token 5f2c81d0: ADDED "), w.history()); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
			w.clock.Advance(25 * time.Hour)
			if _, may := w.listed(); may["anna@example.com"] != (c.blocked == "") || !may["ben@example.com"] {
				t.Errorf("reminders allowed: got %v", may)
			}
		})
	}
}

func TestAComplaintHoldsForEveryTestOfTheVendor(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	w.secondSkill()
	w.remove("anna@example.com")
	w.returned(m, beta.Return{Kind: beta.ReturnComplaint})
	b, err := w.Service.AddTesters(w.ctx, owner, otherSkill, emails("anna@example.com"))
	w.wantReport(w.done(b, err), []entry{{"anna@example.com", beta.Added, beta.BecauseComplained}})
}

func TestAMailThatIsNotThereHasNoReturn(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	for name, id := range map[string]beta.MailID{
		"test": {Test: m.ID.Test + 1, Tester: m.ID.Tester, Seq: 1}, "tester": {Test: m.ID.Test, Tester: 99, Seq: 1},
		"mail": {Test: m.ID.Test, Tester: m.ID.Tester, Seq: 2},
	} {
		wantFailure(t, "another "+name, w.Returned(w.ctx, id, m.QueuedAt, noSuchUser), isNotFound)
	}
	// The number was given before an older database was restored.
	wantFailure(t, "another time", w.Returned(w.ctx, m.ID, m.QueuedAt.Add(time.Millisecond), noSuchUser), isNotFound)
	w.wantMail(beta.MailSent, "")
}

func TestABounceIsOfWhoWasMailedNotOfWhoWasAddedAgain(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	w.remove("anna@example.com")
	w.add("anna@example.com")
	w.returned(m, noSuchUser)
	if got := w.tester("anna@example.com").Blocked; got != "" {
		t.Errorf("who was added again is %s", got)
	}
}

func TestWhileAMailIsBeingSentABounceMustWait(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("anna@example.com")
	m := w.claim()[0]
	err := w.Returned(w.ctx, m.ID, m.QueuedAt, noSuchUser)
	wantFailure(t, "while it is being sent", err, failure{beta.Unavailable, beta.CodeUnavailable})
	w.settle(m, settled(beta.MailUnknown, w.clock.Now()))
	w.ok(w.Returned(w.ctx, m.ID, m.QueuedAt, noSuchUser))
	if got := w.mailsOf("anna@example.com")[0].State; got != beta.MailBounced {
		t.Errorf("a mail that may have been sent and came back: got %s", got)
	}
}

func TestWhatCameBackCanBeSentAgainAndComeBackAgain(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	line := "bounced returned mx.example: 550 5.1.1 no such user"
	first := noSuchUser
	first.At = w.clock.Now().Add(time.Minute)
	w.clock.Advance(time.Hour)
	w.returned(m, first)
	w.wantReport(w.done(w.Resend(w.ctx, owner, skill, email("anna@example.com"))), []entry{{"anna@example.com", beta.Mailed, ""}})
	w.returned(m, first)
	w.wantMail(beta.MailQueued, "", line) // it is no news
	w.settleAll(func(beta.Mail) beta.Settlement {
		s := settled(beta.MailSent, w.clock.Now())
		s.Reply = beta.Reply{At: w.clock.Now(), Relay: "r", Step: "end of data", Code: 250, Text: "Ok"}
		return s
	})
	again := "sent end of data r: 250  Ok"
	w.returned(m, first)
	w.wantMail(beta.MailSent, "", line, again) // nor now, by its time
	w.returned(m, noSuchUser)
	w.wantMail(beta.MailBounced, beta.BecauseUndeliverable, line, again, line)
}

func TestABounceDoesNotTakeAMailOutOfTheQueue(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	full := beta.Return{Kind: beta.ReturnPermanent, From: "x", Code: 552, Text: "full"}
	w.returned(m, full)
	w.done(w.Resend(w.ctx, owner, skill, email("anna@example.com")))
	full.Text = "still full"
	w.returned(m, full)
	w.wantMail(beta.MailQueued, "", "bounced returned x: 552  full", "queued returned x: 552  still full")
	w.wantPost(post{Sent: about(beta.InvitationMail, "anna@example.com")})
}

func TestABounceOfTheDevelopersMailSaysNothingOfTheTester(t *testing.T) {
	t.Parallel()
	w, _ := mailed(t)
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
	w.clock.Advance(time.Minute) // what happens in one millisecond has no order
	w.write(w.link("anna@example.com"), w.opinion("4", ""))
	w.deliver()
	forward := w.mailsOf("anna@example.com")[1]
	for _, kind := range []beta.ReturnKind{beta.ReturnPermanent, beta.ReturnComplaint} {
		told := noSuchUser
		told.Kind = kind
		w.returned(forward, told)
	}
	if m := w.mailsOf("anna@example.com")[1]; m.Kind != beta.ForwardMail || m.State != beta.MailBounced || len(m.Replies) != 2 {
		t.Errorf("the mail is %+v", m)
	}
	w.wantMail(beta.MailSent, "")
	if got := w.history()[0]; !strings.HasPrefix(got, "WRITE") {
		t.Errorf("the newest of her history is %s", got)
	}
}

func TestABounceDoesNotHideThatSomebodyUnsubscribed(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	w.ok(w.Unsubscribe(w.ctx, w.link("anna@example.com"), false, ""))
	w.returned(m, noSuchUser)
	w.wantMail(beta.MailBounced, beta.BecauseUnsubscribed, "bounced returned mx.example: 550 5.1.1 no such user")
}

func TestAWrongBounceCanBeCleared(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	w.returned(m, noSuchUser)
	w.ok(w.Allow(w.ctx, owner, skill, email("anna@example.com")))
	w.wantMail(beta.MailBounced, "", "bounced returned mx.example: 550 5.1.1 no such user")
	w.done(w.Resend(w.ctx, owner, skill, email("anna@example.com")))
	w.wantPost(post{Sent: about(beta.InvitationMail, "anna@example.com")})
}

func TestTheTimeOfAReturnIsTheTellersWhereItCanBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		told, got time.Duration // after the attempt; we hear of it an hour after
	}{
		{"before it was sent", -time.Second, time.Hour}, {"since", time.Minute, time.Minute}, {"in the future", 2 * time.Hour, time.Hour},
	} {
		w, m := mailed(t)
		told, at := noSuchUser, w.clock.Now()
		told.At = at.Add(c.told)
		w.clock.Advance(time.Hour)
		w.returned(m, told)
		if got := w.mailsOf("anna@example.com")[0].Replies[1].At; !got.Equal(at.Add(c.got)) {
			t.Errorf("told %s: got %v, want %v after the attempt", c.name, got.Sub(at), c.got)
		}
	}
}

func TestOnlySoManyReturnsOfOneAttemptAreKept(t *testing.T) {
	t.Parallel()
	w, m := mailed(t)
	for i := range 30 {
		w.returned(m, beta.Return{Kind: beta.ReturnTemporary, From: "x", Text: fmt.Sprint(i)})
	}
	if got := len(w.mailsOf("anna@example.com")[0].Replies); got != 1+20 {
		t.Errorf("got %d lines, want 21", got)
	}
}
