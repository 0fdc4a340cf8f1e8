package beta_test

import (
	"testing"
	"time"

	"tryout/internal/beta"
)

func TestARemovedTesterIsTold(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	b := w.remove("a@example.com")
	w.wantReport(b, []entry{{"a@example.com", beta.Removed, ""}})
	w.wantPost(post{Sent: about(beta.RemovedMail, "a@example.com")})
	if _, found := w.find("a@example.com"); found {
		t.Error("still in the test")
	}
}

func TestRemovalFromADraftTellsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.add("a@example.com")
	w.remove("a@example.com")
	w.start()
	w.wantPost(post{})
}

func TestRemovingBeforeTheInvitationWentTellsNobody(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("a@example.com")
	w.remove("a@example.com")
	w.wantPost(post{Dropped: append(about(beta.InvitationMail, "a@example.com"), about(beta.RemovedMail, "a@example.com")...)})
}

func TestWhoSaidNoThanksIsNotToldOfTheirRemoval(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.decline(w.link("a@example.com"))
	w.remove("a@example.com")
	w.wantPost(post{})
}

func TestRemovingTwiceAndStrangersIsFine(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.remove("a@example.com")
	b := w.remove("a@example.com", "Stranger@example.com", "stranger@example.com")
	w.wantReport(b, []entry{
		{"a@example.com", beta.NotThere, beta.BecauseNotThere},
		{"Stranger@example.com", beta.NotThere, beta.BecauseNotThere},
		{"Stranger@example.com", beta.NotThere, beta.BecauseNotThere},
	})
	w.wantPost(post{Sent: about(beta.RemovedMail, "a@example.com")})
	if test, _ := w.test(); test.Testers != 0 {
		t.Errorf("testers: got %d, want 0", test.Testers)
	}
}

func TestRemovingTakesAccessAwayAtOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	link := w.link("a@example.com")
	w.accept(link)
	w.remove("a@example.com")
	if w.entitled("a@example.com") {
		t.Error("entitled after the removal")
	}
	_, err := w.Accept(w.ctx, link, "")
	wantFailure(t, "accept after the removal", err, isNotFound)
	_, err = w.Invitation(w.ctx, link)
	wantFailure(t, "the link after the removal", err, isNotFound)
}

func TestAddingAgainIsANewInvitation(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	old, dead := w.tester("a@example.com"), w.link("a@example.com")
	w.accept(dead)
	w.remove("a@example.com")
	w.clock.Advance(time.Hour)
	w.add("a@example.com")
	again := w.tester("a@example.com")
	if again.Number <= old.Number || again.State != beta.Invited || !again.AssociatedAt.Equal(w.clock.Now()) {
		t.Errorf("tester: got %+v, want a new number, no answer and the date of now; it was %+v", again, old)
	}
	if w.entitled("a@example.com") {
		t.Error("entitled by the answer to the old invitation")
	}
	_, err := w.Accept(w.ctx, dead, "")
	wantFailure(t, "accept by the old link", err, isNotFound)
	_, err = w.Decline(w.ctx, dead, "")
	wantFailure(t, "decline by the old link", err, isNotFound)
	w.accept(w.link("a@example.com"))
	w.wantPost(post{
		Sent:    about(beta.InvitationMail, "a@example.com"),
		Dropped: about(beta.RemovedMail, "a@example.com"),
	})
}

func TestTheNoticeWaitsForAnInvitationThatIsJustBeingSent(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[beta.MailState]post{
		beta.MailSent:    {Sent: about(beta.RemovedMail, "a@example.com")},
		beta.MailUnknown: {Sent: about(beta.RemovedMail, "a@example.com")},
		beta.MailBounced: {Sent: about(beta.RemovedMail, "a@example.com")},
		beta.MailFailed:  {Dropped: about(beta.RemovedMail, "a@example.com")},
		beta.MailDropped: {Dropped: about(beta.RemovedMail, "a@example.com")},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			w := newRunning(t)
			w.add("a@example.com")
			invitation := w.claim()[0]
			w.remove("a@example.com")
			w.wantPost(post{Waiting: about(beta.RemovedMail, "a@example.com")})
			w.settle(invitation, settled(outcome, w.clock.Now()))
			w.clock.Advance(time.Second)
			w.wantPost(want)
		})
	}
}

func TestAnInvitationWhoseReplyWasLostCountsAsSent(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("a@example.com")
	now := w.clock.Now()
	w.settle(w.claim()[0], beta.Settlement{State: beta.MailDeferred, DueAt: now.Add(time.Minute), Attempts: 1, Unknowns: 1})
	w.remove("a@example.com")
	w.wantPost(post{Sent: about(beta.RemovedMail, "a@example.com")})
	w.clock.Advance(time.Minute)
	w.wantPost(post{Dropped: about(beta.InvitationMail, "a@example.com")})
}
