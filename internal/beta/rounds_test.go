package beta_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

func TestStartInvitesEverybodyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.add("a@example.com", "b@example.com")
	w.add("c@example.com")
	if mails := w.claim(); mails != nil {
		t.Fatalf("mail while a draft: got %v, want none", mails)
	}
	b := w.done(w.StartTest(w.ctx, owner, skill))
	w.wantPost(post{Sent: about(beta.InvitationMail, "a@example.com", "b@example.com", "c@example.com")})
	w.wantReport(b, []entry{
		{"a@example.com", beta.Mailed, ""}, {"b@example.com", beta.Mailed, ""}, {"c@example.com", beta.Mailed, ""},
	})
}

func TestATestRunsFor90DaysFromItsStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.clock.Advance(5 * day)
	w.start()
	test, _ := w.test()
	if want := w.clock.Now().Add(90 * day); !test.ExpiresAt.Equal(want) {
		t.Errorf("expiry: got %s, want %s", test.ExpiresAt, want)
	}
}

func TestEndTellsEverybodyWhoWasInvited(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	w.end()
	w.wantPost(post{Sent: about(beta.EndedMail, "a@example.com", "b@example.com")})
	test, _ := w.test()
	if !test.EndedAt.Equal(w.clock.Now()) {
		t.Errorf("EndedAt: got %s, want %s", test.EndedAt, w.clock.Now())
	}
}

func TestEndBeforeTheInvitationsWentTellsNobody(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("a@example.com")
	w.end()
	w.wantPost(post{Dropped: append(about(beta.EndedMail, "a@example.com"), about(beta.InvitationMail, "a@example.com")...)})
}

func TestEndOfADraftTellsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.add("a@example.com")
	w.end()
	w.wantPost(post{})
	if n := w.woken.Load(); n != 0 {
		t.Errorf("outbox woken %d times, want never", n)
	}
}

func TestEndTakesAccessAwayAtOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.accept(w.link("a@example.com"))
	if !w.entitled("a@example.com") {
		t.Fatal("not entitled after accepting")
	}
	w.end()
	if w.entitled("a@example.com") {
		t.Error("entitled after the end")
	}
}

func TestExpiryIsJudgedByTheClock(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.accept(w.link("a@example.com"))
	w.clock.Advance(90*day - time.Millisecond)
	w.wantStatus(beta.Running)
	if !w.entitled("a@example.com") {
		t.Error("a millisecond before the end: not entitled")
	}
	w.clock.Advance(time.Millisecond)
	w.wantStatus(beta.Ended)
	if w.entitled("a@example.com") {
		t.Error("at the end: entitled")
	}
	if _, may := w.listed(); may["a@example.com"] {
		t.Error("at the end: a reminder is allowed")
	}
}

func TestExpiryTellsEverybodyExactlyOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	expiry := w.clock.Now().Add(90 * day)
	w.clock.Advance(91 * day)
	if steps := w.tick(); steps != 1 {
		t.Errorf("steps: got %d, want 1", steps)
	}
	w.wantPost(post{Sent: about(beta.EndedMail, "a@example.com", "b@example.com")})
	w.wantStatus(beta.Ended)
	if test, _ := w.test(); !test.EndedAt.Equal(expiry) {
		t.Errorf("EndedAt: got %s, want when it expired, %s", test.EndedAt, expiry)
	}
	if steps := w.tick(); steps != 0 {
		t.Errorf("steps of a second tick: got %d, want 0", steps)
	}
	w.wantPost(post{})
}

func TestExpiryTellsEverybodyAlsoWhenTheNextRoundHasBegun(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	old, _ := w.test()
	w.clock.Advance(91 * day)
	w.create()
	w.add("b@example.com")
	w.start()
	w.tick()
	w.tick()
	w.wantPost(post{Sent: append(about(beta.EndedMail, "a@example.com"), about(beta.InvitationMail, "b@example.com")...)})
	w.wantStatus(beta.Running)
	w.view(func(r beta.Reader) error {
		test, found, err := r.Test(old.ID)
		if !found || test.Stored != beta.Ended {
			t.Errorf("the old round: got %+v, %v, want it ENDED", test, found)
		}
		return err
	})
}

func TestANewRoundBeginsWithoutTesters(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	first, _ := w.test()
	link := w.link("a@example.com")
	w.accept(link)
	w.end()
	w.create()
	second, status := w.test()
	if second.ID == first.ID || second.Round != first.Round+1 || status != beta.InDraft {
		t.Errorf("second round: got %+v (%s), want round %d in draft", second, status, first.Round+1)
	}
	if addresses, _ := w.listed(); addresses != nil {
		t.Errorf("testers: got %v, want none", addresses)
	}
	w.start()
	if w.entitled("a@example.com") {
		t.Error("entitled in a round that they are not in")
	}
	_, err := w.Accept(w.ctx, link, "")
	wantFailure(t, "accept by the old round's link", err, isConflict)
}

func TestAnEndedRoundStaysAsItWas(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	w.end()
	w.deliver()
	old, before := w.round(0)
	w.create()
	w.add("a@example.com")
	w.start()
	w.deliver()
	w.remove("a@example.com")
	w.end()
	test, after := w.round(old.ID)
	if diff := cmp.Diff(old, test); diff != "" {
		t.Errorf("the old round changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("its testers changed (-want +got):\n%s", diff)
	}
}

// round reads a round with its testers; zero is the newest.
func (w *world) round(id beta.TestID) (test beta.Test, testers []beta.Tester) {
	w.t.Helper()
	if id == 0 {
		id = w.snapshot().ID
	}
	w.view(func(r beta.Reader) (err error) {
		if test, _, err = r.Test(id); err != nil {
			return err
		}
		testers, err = r.TestersAfter(id, 0, 100)
		return err
	})
	return test, testers
}

func (w *world) wantPost(want post) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.deliver()); diff != "" {
		w.t.Errorf("mail (-want +got):\n%s", diff)
	}
}

func (w *world) wantReport(b beta.Batch, want []entry) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.report(b)); diff != "" {
		w.t.Errorf("%s batch (-want +got):\n%s", b.Operation, diff)
	}
}
