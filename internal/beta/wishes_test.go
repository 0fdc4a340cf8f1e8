package beta_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

const otherSkill = beta.SkillID("S2")

// secondSkill is another skill of the same vendor with a running test.
func (w *world) secondSkill() {
	w.t.Helper()
	w.ok(w.CreateSkill(w.ctx, beta.Skill{ID: otherSkill, Vendor: owner.Vendor, Name: "Other"}))
	w.ok(w.CreateTest(w.ctx, owner, otherSkill, ""))
	w.ok(second(w.StartTest(w.ctx, owner, otherSkill)))
}

func TestUnsubscribingHoldsForEveryTestOfTheVendorAtOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.secondSkill()
	w.ok(second(w.Service.AddTesters(w.ctx, owner, otherSkill, emails("anna@example.com"))))
	w.add("anna@example.com", "ben@example.com")
	link := w.link("anna@example.com")
	w.ok(w.Unsubscribe(w.ctx, link, false, "r"))
	w.wantPost(post{
		Sent:    about(beta.InvitationMail, "ben@example.com"),
		Dropped: about(beta.InvitationMail, "anna@example.com", "anna@example.com"),
	})
	if _, mayRemind := w.listed(); mayRemind["anna@example.com"] {
		t.Error("a reminder to somebody who unsubscribed is allowed")
	}
	w.wantReport(w.remind("anna@example.com"), []entry{{"anna@example.com", beta.Skipped, beta.BecauseUnsubscribed}})
	w.remove("anna@example.com")
	w.wantReport(w.add("anna@example.com"), []entry{{"anna@example.com", beta.Added, beta.BecauseUnsubscribed}})
	w.wantPost(post{}) // neither told of the removal nor invited

	w.ok(w.Unsubscribe(w.ctx, link, true, "r")) // the old link, of who was removed
	w.clock.Advance(25 * time.Hour)
	w.wantReport(w.remind("anna@example.com"), []entry{{"anna@example.com", beta.Mailed, ""}})
}

func TestWhoUnsubscribedStaysInTheTest(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("anna@example.com")
	link := w.link("anna@example.com")
	w.ok(second(w.Accept(w.ctx, link, "")))
	w.ok(w.Unsubscribe(w.ctx, link, false, ""))
	if !w.entitled("anna@example.com") {
		t.Error("no more mail: got no more access either")
	}
	inv, refused, err := w.Recipient(w.ctx, link)
	w.ok(err)
	if !refused || inv.Tester.Email.Given != "anna@example.com" {
		t.Errorf("recipient: got %v, refused %v", inv.Tester.Email, refused)
	}
}

func TestTheOperatorCanAllowMailAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("anna@example.com")
	wantFailure(t, "allow what is allowed", w.Allow(w.ctx, owner, skill, email("anna@example.com")), isNotFound)
	w.ok(w.Unsubscribe(w.ctx, w.link("anna@example.com"), false, ""))
	w.ok(w.Allow(w.ctx, owner, skill, email("anna@example.com")))
	if got := w.tester("anna@example.com").Blocked; got != "" {
		t.Errorf("blocked: got %q", got)
	}
}

// Who wanted no mail when the invitation's turn came, and does now, was never invited.
func TestWhatWasSuppressedIsSentOnceItIsAllowed(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("anna@example.com")
	w.ok(w.Unsubscribe(w.ctx, w.link("anna@example.com"), false, ""))
	w.wantPost(post{Dropped: about(beta.InvitationMail, "anna@example.com")})
	w.wantMayResend("anna@example.com", false)
	w.wantReport(w.done(w.Resend(w.ctx, owner, skill, email("anna@example.com"))), []entry{{"anna@example.com", beta.Skipped, beta.BecauseUnsubscribed}})
	w.ok(w.Allow(w.ctx, owner, skill, email("anna@example.com")))
	w.wantMayResend("anna@example.com", true)
	w.wantReport(w.done(w.Resend(w.ctx, owner, skill, email("anna@example.com"))), []entry{{"anna@example.com", beta.Mailed, ""}})
	w.wantPost(post{Sent: about(beta.InvitationMail, "anna@example.com")})
}

func TestAForgottenPersonIsNowhereAndIsNotAddedAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.secondSkill()
	w.ok(second(w.Service.AddTesters(w.ctx, owner, otherSkill, emails("anna@example.com"))))
	batch := w.add("Anna@example.com", "ben@example.com")
	link := w.link("anna@example.com")
	w.write(link, w.opinion("4", "I live in Springfield."))
	tests, err := w.Forget(w.ctx, email("anna@example.com"))
	w.ok(err)
	if tests != 2 {
		t.Errorf("was in %d tests, want 2", tests)
	}
	if got := w.snapshot().Testers; got != 1 {
		t.Errorf("testers counted: %d, want 1", got)
	}
	if got := w.written(0); len(got) != 0 {
		t.Errorf("what she wrote is still there: %q", got)
	}
	wantFailure(t, "the old link", second(w.Invitation(w.ctx, link)), isNotFound)
	wantFailure(t, "the story", second(w.Story(w.ctx, owner, skill, email("anna@example.com"))), isNotFound)
	for _, m := range w.claim() {
		if m.To.Key == "anna@example.com" {
			t.Errorf("a mail to her is still there: %+v", m)
		}
	}
	_, report, err := w.BatchReport(w.ctx, owner, skill, batch.ID)
	w.ok(err)
	if report[0].Email.Given != "" || report[1].Email.Given != "ben@example.com" {
		t.Errorf("the batch names %v", report)
	}
	again := w.add("anna@example.com", "carla@example.com", "anna@example.com")
	_, report, err = w.BatchReport(w.ctx, owner, skill, again.ID)
	w.ok(err)
	for i, want := range []beta.Entry{{Result: beta.Skipped, Reason: beta.BecauseForgotten}, {Result: beta.Added}, {Result: beta.Skipped, Reason: beta.BecauseForgotten}} {
		if got := report[i].Entry; got.Result != want.Result || got.Reason != want.Reason {
			t.Errorf("entry %d: got %+v, want %+v", i, got, want)
		}
	}
	if addresses, _ := w.listed(); len(addresses) != 2 {
		t.Errorf("listed: %q", addresses)
	}
	w.ok(w.Remember(w.ctx, email("anna@example.com")))
	w.add("anna@example.com")
	if addresses, _ := w.listed(); len(addresses) != 3 {
		t.Errorf("listed once she is remembered: %q", addresses)
	}
	if tests, err := w.Forget(w.ctx, email("nobody@example.com")); tests != 0 || err != nil {
		t.Errorf("somebody unknown: got %d, %v", tests, err)
	}
}

func TestWhoOpensTheWayOutIsShownWhereTheyStandWhileTheirLinkIsGood(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{Cap: 10, LinkLife: day})
	w.create()
	w.start()
	w.add("anna@example.com")
	link := w.link("anna@example.com")
	w.accept(link)
	want := func(when string, state beta.TesterState) {
		t.Helper()
		inv, _, err := w.Recipient(w.ctx, link)
		if err != nil || inv.Tester.State != state || inv.Tester.Email.Given != "anna@example.com" {
			t.Errorf("%s: got %+v, %v; want %q", when, inv.Tester, err, state)
		}
	}
	want("while the link is good", beta.Accepted)
	w.clock.Advance(2 * day)
	want("after its life", "")
	w.remove("anna@example.com")
	want("removed", "")
}

// One transaction erases from some tests; the person is gone from all before
// the digest says so.
func TestAPersonIsForgottenInMoreTestsThanOneTransactionTakes(t *testing.T) {
	t.Parallel()
	const many = 501
	w := newWorld(t)
	anna := email("anna@example.com")
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error {
		for n := range beta.TestID(many) {
			id := beta.SkillID(fmt.Sprint("many-", n))
			w.ok(second(tx.CreateSkill(beta.Skill{ID: id, Vendor: owner.Vendor, Name: "Many"})))
			w.ok(tx.CreateTest(beta.Test{ID: n + 1, Skill: id, Round: 1, Stored: beta.InDraft}))
			w.ok(second(tx.AddTesters(n+1, []beta.Tester{{Test: n + 1, Number: 1, Email: anna}})))
		}
		return tx.Refuse(owner.Vendor, anna.Key, beta.BecauseUnsubscribed, w.clock.Now())
	}))
	tests, err := w.Forget(w.ctx, anna)
	if err != nil || tests != many {
		t.Errorf("erased from %d tests, %v; want %d", tests, err, many)
	}
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error {
		wishes, err := tx.Wishes(1, owner.Vendor, []string{anna.Key})
		if got := wishes[anna.Key]; got != (beta.Wish{Forgotten: true}) {
			t.Errorf("what is known of her: %+v", got)
		}
		return err
	}))
	if again, err := w.Forget(w.ctx, anna); err != nil || again != 0 {
		t.Errorf("once more: %d, %v", again, err)
	}
}

// Mail programs and their gateways send the one click more than once, and a
// link may be pressed for ever: only what changes something is recorded.
func TestTheSameWishAgainIsNotRecordedAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "anna@example.com")
	link := w.link("anna@example.com")
	for _, again := range []bool{true, false, false, false, true, true} {
		w.clock.Advance(time.Minute)
		w.ok(w.Unsubscribe(w.ctx, link, again, ""))
	}
	want := []string{"SUBSCRIBE by tester: ANSWERED ", "UNSUBSCRIBE by tester: ANSWERED ", "ADD by token 5f2c81d0: ADDED "}
	if diff := cmp.Diff(want, w.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}
