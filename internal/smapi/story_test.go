package smapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
)

const ours = "/x/v1/skills/" + skill

type told struct {
	State       string
	MailRefusal string
	RemovalDate string
	Mails       []struct {
		Kind, State, MailRefusal, DueDate, SettledDate string
		Attempts                                       []struct {
			State, Relay, Reply, EnhancedCode, QueueID, Since string
			Code, Times                                       int
		}
	}
	History []struct{ Operation, Result, Reason, BatchID string }
}

func (s *site) story(email string) (t told) {
	s.t.Helper()
	a := s.expect(http.StatusOK, "GET", ours+"/testers/"+email, "")
	s.must(json.Unmarshal([]byte(a.body), &t))
	return t
}

// settleAs makes one attempt at every mail that is due, which ends so.
func (s *site) settleAs(o beta.Settlement) {
	s.t.Helper()
	list, err := s.store.ClaimMail(s.t.Context(), "test", 1000, time.Hour)
	s.must(err)
	for _, m := range list {
		o.Attempts, o.Reply.At = m.Attempts, s.clock.Now()
		s.must(s.store.SettleMail(s.t.Context(), beta.Attempt{Claim: "test", Mail: m, Outcome: o}))
	}
}

func TestAStoryTellsEveryAttemptInTheRelaysWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	later := s.clock.Now().Add(5 * time.Minute)
	s.settleAs(beta.Settlement{State: beta.MailDeferred, DueAt: later, Reply: beta.Reply{
		Relay: "mx.example:25", Step: "RCPT TO", Code: 451, Enhanced: "4.7.1", Text: `Greylisted, "try" later`,
	}})
	if m := s.story("A@x.test").Mails[0]; m.State != "deferred" || m.DueDate == "" || m.Attempts[0].Reply != `Greylisted, "try" later` {
		t.Errorf("after the first attempt: got %+v", m)
	}
	s.clock.Advance(5 * time.Minute)
	s.settleAs(beta.Settlement{State: beta.MailSent, SettledAt: later, Reply: beta.Reply{
		Relay: "mx.example:25", Step: "end of data", Code: 250, Text: "Ok: queued as 4F2C", QueueID: "4F2C",
	}})
	m := s.story("a@x.test").Mails[0]
	if m.State != "sent" || m.DueDate != "" || len(m.Attempts) != 2 || m.Attempts[1].QueueID != "4F2C" || m.Attempts[0].Code != 451 {
		t.Errorf("after the second: got %+v", m)
	}
}

func TestAStoryCountsWhatCameToTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	for range 3 {
		s.settleAs(beta.Settlement{State: beta.MailDeferred, DueAt: s.clock.Now(), Reply: beta.Reply{Relay: "mx.example:25", Step: "connect", Text: "no route"}})
		s.clock.Advance(time.Minute)
	}
	tries := s.story("a@x.test").Mails[0].Attempts
	if len(tries) != 1 || tries[0].Times != 3 || tries[0].Since == "" {
		t.Errorf("got %+v, want one that stands for three", tries)
	}
}

func TestAStoryTellsWhatCallsDid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test")
	s.mails()
	s.clock.Advance(time.Minute)
	s.accept("a@x.test")
	s.clock.Advance(time.Minute)
	s.expect(204, "POST", testers+"/sendReminder", addresses("b@x.test", "a@x.test"))
	s.clock.Advance(time.Minute)
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	got := s.story("a@x.test")
	var said []string
	for _, e := range got.History {
		said = append(said, strings.TrimSpace(e.Operation+" "+e.Result+" "+e.Reason))
	}
	equal(t, "history", said, []string{"REMOVE REMOVED", "REMIND SKIPPED COOL_DOWN", "ACCEPT ANSWERED", "ADD ADDED"})
	equal(t, "state", got.State, "REMOVED")
	if got.RemovalDate == "" || len(got.Mails) != 2 {
		t.Errorf("got %+v, want a removal date and two mails", got)
	}
	s.clock.Advance(time.Minute)
	s.expect(204, "POST", testers+"/add", addresses("a@x.test"))
	again := s.story("a@x.test")
	if again.State != "INVITED" || len(again.Mails) != 3 || len(again.History) != 5 {
		t.Errorf("added again: got %+v, want the whole story", again)
	}
}

func TestAnAddressThatWasNeverThereHasNoStory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	s.expect(http.StatusNotFound, "GET", ours+"/testers/a@x.test", "")
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	s.expect(http.StatusNotFound, "GET", ours+"/testers/a@x.test", "")
	wantCode(t, s.expect(http.StatusBadRequest, "GET", ours+"/testers/a", ""), "INVALID_STRING_PATTERN")
	s.expect(http.StatusNotFound, "POST", ours+"/testers/a@x.test/resend", "")
}

func TestWhatFailedIsSentAgainByHandAndOnlyThat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	first, err := s.store.ClaimMail(t.Context(), "test", 10, time.Hour)
	s.must(err)
	failed := beta.Settlement{State: beta.MailFailed, SettledAt: s.clock.Now(), Attempts: 1, Undeliverable: true,
		Reply: beta.Reply{At: s.clock.Now(), Step: "RCPT TO", Code: 550, Text: "no such user"}}
	s.must(s.store.SettleMail(t.Context(), beta.Attempt{Claim: "test", Mail: first[0], Outcome: failed}))
	equal(t, "refusal", s.story("a@x.test").MailRefusal, "UNDELIVERABLE")

	batch := s.expect(204, "POST", ours+"/testers/a@x.test/resend", "").Header.Get("X-Tryout-Batch")
	if got := s.expect(200, "GET", ours+"/batches/"+batch, "").body; !strings.Contains(got, `"MAILED"`) {
		t.Errorf("the batch: got %s", got)
	}
	again, err := s.store.ClaimMail(t.Context(), "test", 10, time.Hour)
	s.must(err)
	if len(again) != 1 || again[0].ID != first[0].ID || !again[0].QueuedAt.Equal(first[0].QueuedAt) || again[0].Attempts != 1 {
		t.Fatalf("due again: got %+v, want %+v", again, first)
	}
	s.must(s.store.SettleMail(t.Context(), beta.Attempt{Claim: "test", Mail: again[0], Outcome: beta.Settlement{State: beta.MailSent, SettledAt: s.clock.Now(), Attempts: 1}}))
	got := s.story("a@x.test")
	if got.Mails[0].State != "sent" || got.MailRefusal != "" {
		t.Errorf("after it was sent: got %+v", got)
	}
	batch = s.expect(204, "POST", ours+"/testers/a@x.test/resend", "").Header.Get("X-Tryout-Batch")
	if got := s.expect(200, "GET", ours+"/batches/"+batch, "").body; !strings.Contains(got, "NOTHING_FAILED") {
		t.Errorf("the second batch: got %s", got)
	}
}

func TestABatchTellsWhereItsMailIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	batch := s.expect(204, "POST", testers+"/add", addresses("a@x.test")).Header.Get("X-Tryout-Batch")
	for _, want := range []string{`"mail":"queued"`, `"mail":"sent"`} {
		if got := s.expect(200, "GET", ours+"/batches/"+batch, "").body; !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
		s.mails()
	}
}

// That somebody was not mailed because they wanted none is told with the mail,
// and in the report of the call that caused it.
func TestWhoseWishItWasThatAMailWasNotSentIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	batch := s.expect(204, "POST", testers+"/add", addresses("a@x.test")).Header.Get("X-Tryout-Batch")
	s.settleAs(beta.Settlement{State: beta.MailSuppressed, SettledAt: s.clock.Now(), Refusal: beta.BecauseUnsubscribed})
	if m := s.story("a@x.test").Mails[0]; m.State != "suppressed" || m.MailRefusal != "UNSUBSCRIBED" || len(m.Attempts) != 0 {
		t.Errorf("the story: got %+v", m)
	}
	if got := s.expect(200, "GET", ours+"/batches/"+batch, "").body; !strings.Contains(got, `"mail":"suppressed","mailRefusal":"UNSUBSCRIBED"`) {
		t.Errorf("the batch: got %s", got)
	}
}
