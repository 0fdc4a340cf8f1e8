package beta_test

import (
	"context"
	"testing"
	"time"

	"tryout/internal/beta"
)

// answer uses the link of a tester, if they are in the test.
func (w *world) answer(address string, how func(context.Context, beta.Link, string) (beta.Invitation, error)) {
	w.t.Helper()
	if _, found := w.find(address); found {
		w.invitation(how(w.ctx, w.link(address), ""))
	}
}

func TestAnswersChangeTheTester(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	for _, c := range []struct {
		name    string
		answers []bool
		state   beta.TesterState
		status  beta.InvitationStatus
	}{
		{"none", nil, beta.Invited, beta.InvitationNotAccepted},
		{"accept", []bool{yes}, beta.Accepted, beta.InvitationAccepted},
		{"accept twice", []bool{yes, yes}, beta.Accepted, beta.InvitationAccepted},
		{"no thanks", []bool{no}, beta.Declined, beta.InvitationNotAccepted},
		{"no thanks twice", []bool{no, no}, beta.Declined, beta.InvitationNotAccepted},
		{"leave", []bool{yes, no}, beta.Left, beta.InvitationNotAccepted},
		{"leave twice", []bool{yes, no, no}, beta.Left, beta.InvitationNotAccepted},
		{"no thanks, then accept", []bool{no, yes}, beta.Accepted, beta.InvitationAccepted},
		{"come back", []bool{yes, no, yes}, beta.Accepted, beta.InvitationAccepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newRunning(t, "a@example.com")
			for _, answer := range c.answers {
				if answer == yes {
					w.accept(w.link("a@example.com"))
				} else {
					w.decline(w.link("a@example.com"))
				}
			}
			tester := w.tester("a@example.com")
			if tester.State != c.state || tester.InvitationStatus() != c.status {
				t.Errorf("got %s, %s; want %s, %s", tester.State, tester.InvitationStatus(), c.state, c.status)
			}
			if got, want := w.entitled("a@example.com"), c.state == beta.Accepted; got != want {
				t.Errorf("entitled: got %v, want %v", got, want)
			}
		})
	}
}

func TestWhoComesBackIsMailedAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	link := w.link("a@example.com")
	w.decline(link)
	w.accept(link)
	w.clock.Advance(day)
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
	w.deliver()
	w.remove("a@example.com")
	w.deliver()
	w.wantReport(w.add("a@example.com"), []entry{{"a@example.com", beta.Added, ""}})
}

func TestWhoSaidNoKeepsThePlaceAndIsNotInvitedAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "no@example.com", "left@example.com")
	w.decline(w.link("no@example.com"))
	w.accept(w.link("left@example.com"))
	w.decline(w.link("left@example.com"))
	if test, _ := w.test(); test.Testers != 2 {
		t.Errorf("testers: got %d, want 2", test.Testers)
	}
	w.remove("no@example.com", "left@example.com")
	w.wantReport(w.add("NO@example.com", "left@example.com"), []entry{
		{"NO@example.com", beta.Added, beta.BecauseDeclined},
		{"left@example.com", beta.Added, beta.BecauseLeft},
	})
	w.clock.Advance(day)
	w.remind("no@example.com", "left@example.com")
	w.wantPost(post{})
}

func TestASuppressedTesterCanStillAccept(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.decline(w.link("a@example.com"))
	w.remove("a@example.com")
	w.add("a@example.com")
	w.accept(w.link("a@example.com")) // they were given the link by hand
	if !w.entitled("a@example.com") {
		t.Error("not entitled after accepting")
	}
}

func TestEntitlementTruthTable(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		if m.status == "" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			w := m.world(t)
			for _, state := range []beta.TesterState{beta.Invited, beta.Accepted, beta.Declined, beta.Left} {
				w.putState("old@example.com", state)
				want := m.status == beta.Running && state == beta.Accepted
				if got := w.entitled("OLD@example.com"); got != want {
					t.Errorf("%s: got %v, want %v", state, got, want)
				}
			}
			if w.entitled("stranger@example.com") {
				t.Error("a stranger is entitled")
			}
		})
	}
}

// putState makes a tester have given an answer, whatever the test's state.
func (w *world) putState(address string, state beta.TesterState) {
	w.t.Helper()
	tester := w.tester(address)
	tester.State = state
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error {
		return tx.SaveTesters(tester.Test, []beta.Tester{tester})
	}))
}

func TestALinkLivesUntilTheTestEnds(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	link := w.link("a@example.com")
	w.clock.Advance(90*day - time.Millisecond)
	w.accept(link)
	w.clock.Advance(time.Millisecond)
	_, err := w.Decline(w.ctx, link, "")
	wantFailure(t, "decline when the time is up", err, isConflict)
	if inv := w.invitation(w.Invitation(w.ctx, link)); inv.Status != beta.Ended {
		t.Errorf("the page: got %s, want it to say ENDED", inv.Status)
	}
}

func TestAnOperatorCanMakeLinksDieSooner(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{LinkLife: 2 * day})
	w.run("a@example.com")
	link := w.link("a@example.com")
	w.clock.Advance(2 * day)
	w.invitation(w.Invitation(w.ctx, link))
	w.clock.Advance(time.Millisecond)
	_, err := w.Accept(w.ctx, link, "")
	wantFailure(t, "accept by a link that is too old", err, isNotFound)
	w.remind("a@example.com") // the reminder carries it again
	w.accept(link)
}

func TestAnInvitationShowsWhatItIsFor(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "Anna@example.com")
	inv := w.invitation(w.Invitation(w.ctx, w.link("anna@example.com")))
	if inv.Skill.Name != "Quiz" || inv.Vendor.Name != "Acme" || inv.Tester.Email.Given != "Anna@example.com" || inv.Status != beta.Running {
		t.Errorf("got %+v", inv)
	}
	page := w.invitation(w.TestPage(w.ctx, inv.Test.ID))
	if page.Skill != inv.Skill || page.Tester != (beta.Tester{}) {
		t.Errorf("the test's own page: got %+v, want the skill and no tester", page)
	}
	_, err := w.TestPage(w.ctx, inv.Test.ID+1)
	wantFailure(t, "the page of no test", err, isNotFound)
}

// After an older copy of the database was restored, a number may be given to
// somebody else.
func TestALinkNamesATesterByWhenTheyWereAddedToo(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	link := w.link("a@example.com")
	link.Added++
	_, err := w.Accept(w.ctx, link, "")
	wantFailure(t, "accept by the number with another date", err, isNotFound)
	_, err = w.Invitation(w.ctx, link)
	wantFailure(t, "the page of the number with another date", err, isNotFound)
}

// A link from before an older copy of the database was restored may name a
// number that somebody else has now.
func TestALinkOpensOnlyTheInvitationItWasMadeFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.add("a@example.com")
	w.start()
	stale := w.link("a@example.com")
	stale.Added--
	_, err := w.Invitation(w.ctx, stale)
	wantFailure(t, "open", err, isNotFound)
	_, err = w.Accept(w.ctx, stale, "")
	wantFailure(t, "accept", err, isNotFound)
	_, err = w.Decline(w.ctx, stale, "")
	wantFailure(t, "decline", err, isNotFound)
}
