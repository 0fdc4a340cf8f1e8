package beta_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tryout/internal/beta"
)

func TestAReminderWaitsForTheCoolDown(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	for range 2 { // after the invitation, then after a reminder
		w.clock.Advance(day - time.Millisecond)
		w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Skipped, beta.BecauseCoolDown}})
		w.wantPost(post{})
		w.clock.Advance(time.Millisecond)
		w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
		w.wantPost(post{Sent: about(beta.ReminderMail, "a@example.com")})
	}
}

func TestAFeedbackRequestHasACoolDownOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	for range 2 {
		w.wantReport(w.requestFeedback("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
		w.wantPost(post{Sent: about(beta.FeedbackMail, "a@example.com")})
		w.clock.Advance(day - time.Millisecond)
		w.wantReport(w.requestFeedback("a@example.com"), []entry{{"a@example.com", beta.Skipped, beta.BecauseCoolDown}})
		w.clock.Advance(time.Millisecond)
	}
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
}

func TestCoolDownsAreTheOperatorsToSet(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{ReminderEvery: time.Minute, FeedbackEvery: time.Hour})
	w.run("a@example.com")
	w.clock.Advance(time.Minute)
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
	w.requestFeedback("a@example.com")
	w.deliver()
	w.clock.Advance(time.Hour)
	w.wantReport(w.requestFeedback("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
}

func TestACoolDownCountsFromQueueing(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("a@example.com")
	w.clock.Advance(day)
	w.deliver() // only now
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
}

func TestNobodyHasTwoUnsettledMailsOfOneKind(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.clock.Advance(day)
	w.remind("a@example.com")
	w.requestFeedback("a@example.com")
	w.clock.Advance(2 * day)
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Skipped, beta.BecauseUnsettled}})
	w.wantReport(w.requestFeedback("a@example.com"), []entry{{"a@example.com", beta.Skipped, beta.BecauseUnsettled}})
	w.wantPost(post{Sent: append(about(beta.FeedbackMail, "a@example.com"), about(beta.ReminderMail, "a@example.com")...)})
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
	w.wantReport(w.requestFeedback("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
}

func TestWhoAcceptedIsReminded(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.accept(w.link("a@example.com"))
	w.clock.Advance(day)
	w.wantReport(w.remind("a@example.com"), []entry{{"a@example.com", beta.Mailed, ""}})
}

func TestWhoMayNotBeMailedIsSkipped(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "declined@example.com", "left@example.com")
	w.decline(w.link("declined@example.com"))
	w.accept(w.link("left@example.com"))
	w.decline(w.link("left@example.com"))
	w.add("gone@example.com")
	w.bounce()
	w.clock.Advance(day)
	everybody := []string{"declined@example.com", "left@example.com", "gone@example.com", "nobody@example.com"}
	want := []entry{
		{"declined@example.com", beta.Skipped, beta.BecauseDeclined},
		{"left@example.com", beta.Skipped, beta.BecauseLeft},
		{"gone@example.com", beta.Skipped, beta.BecauseUndeliverable},
		{"nobody@example.com", beta.Skipped, beta.BecauseNotThere},
	}
	w.wantReport(w.remind(everybody...), want)
	w.wantReport(w.requestFeedback(everybody...), want)
	w.end()
	w.wantPost(post{})
}

func TestWhoIsNamedTwiceIsRemindedOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.clock.Advance(day)
	w.wantReport(w.remind("a@example.com", "A@example.com"), []entry{
		{"a@example.com", beta.Mailed, ""}, {"a@example.com", beta.Skipped, beta.BecauseRepeated},
	})
	w.wantPost(post{Sent: about(beta.ReminderMail, "a@example.com")})
}

// Whatever happened to testers, the list promises a reminder to exactly those
// whom sendReminder then mails.
func TestTheListTellsWhomAReminderWouldReach(t *testing.T) {
	t.Parallel()
	addresses := []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"}
	w := newRunning(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.t = rt
		w.refresh(addresses)
		for range rapid.IntRange(0, 6).Draw(rt, "events") {
			w.happen(rt, rapid.SampledFrom(addresses).Draw(rt, "address"))
		}
		_, may := w.listed()
		for _, e := range w.report(w.remind(addresses...)) {
			if mailed := e.Result == beta.Mailed; mailed != may[e.Address] {
				rt.Errorf("%s: isReminderAllowed %v, and then %s %s", e.Address, may[e.Address], e.Result, e.Reason)
			}
		}
	})
}

// refresh begins a new round with these testers.
func (w *world) refresh(addresses []string) {
	w.t.Helper()
	if _, status := w.test(); status == beta.Running {
		w.end()
	}
	w.deliver()
	w.run(addresses...)
}

// happen lets something befall a tester.
func (w *world) happen(rt *rapid.T, address string) {
	switch rapid.SampledFrom([]string{"wait", "accept", "decline", "deliver", "bounce", "remind", "feedback"}).Draw(rt, "event") {
	case "wait":
		hours := rapid.SampledFrom([]time.Duration{day - time.Millisecond, time.Millisecond, day, 30 * day}).Draw(rt, "for")
		w.clock.Advance(hours)
		if _, status := w.test(); status != beta.Running {
			w.refresh([]string{address})
		}
	case "accept":
		w.answer(address, w.Accept)
	case "decline":
		w.answer(address, w.Decline)
	case "deliver":
		w.deliver()
	case "bounce":
		w.bounce()
	case "remind":
		w.remind(address)
	case "feedback":
		w.requestFeedback(address)
	}
}
