package beta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

var isTooMany = failure{beta.TooMany, "TOO_MANY_REQUESTS"}

// opinion is feedback as it comes from the form.
func (w *world) opinion(rating, text string) beta.Feedback {
	w.t.Helper()
	f, err := beta.ParseFeedback(beta.Opinion, rating, text)
	w.ok(err)
	return f
}

func (w *world) write(l beta.Link, f beta.Feedback) {
	w.t.Helper()
	w.invitation(w.Write(w.ctx, l, f, "request-3"))
}

// written returns all feedback of a round, as "address KIND rating text" lines, the newest first.
func (w *world) written(round int) (lines []string) {
	w.t.Helper()
	for p := (beta.FeedbackPage{Round: round, Limit: 2}); p.Limit > 0; {
		list, err := w.ListFeedback(w.ctx, owner, skill, p)
		w.ok(err)
		for _, f := range list.Feedback {
			lines = append(lines, fmt.Sprintf("%s %s %d %s", f.Email.Given, f.Kind, f.Rating, f.Text))
		}
		p = list.Next
	}
	return lines
}

func (w *world) wantWritten(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.written(0)); diff != "" {
		w.t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestEverythingWrittenIsKeptAndForwardedOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a, "b@example.com")
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
	woken := w.woken.Load()
	w.write(w.link(a), w.opinion("4", "Good."))
	w.write(w.link(a), w.opinion("4", "Good.")) // the button pressed twice
	w.clock.Advance(time.Second)
	w.write(w.link("b@example.com"), w.opinion("", "Good."))
	w.write(w.link(a), w.opinion("5", "Good."))
	if got := w.woken.Load() - woken; got != 3 {
		t.Errorf("the outbox was told %d times, want 3", got)
	}
	w.wantPost(post{Sent: about(beta.ForwardMail, "team@example.com", "team@example.com", "team@example.com")})
	w.wantWritten("b@example.com FEEDBACK 0 Good.", "a@example.com FEEDBACK 5 Good.", "a@example.com FEEDBACK 4 Good.")
	w.clock.Advance(10 * time.Minute)
	w.write(w.link(a), w.opinion("5", "Good."))
	if got := w.written(0); len(got) != 4 {
		t.Errorf("the same words later: got %q, want them kept", got)
	}
}

func TestALetterThatForwardsSaysWhatWasWritten(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "Anna@example.com")
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("Team@example.com")))
	w.write(w.link("anna@example.com"), w.opinion("3", "Fine."))
	m := w.claim()[0]
	letter, wanted, err := w.Letter(w.ctx, m)
	w.ok(err)
	link := w.link("anna@example.com")
	id := beta.MailID{Test: link.Test, Tester: link.Tester, Seq: 2}
	want := beta.Letter{
		ID: id, QueuedAt: w.clock.Now(), Kind: beta.ForwardMail, To: email("Team@example.com"), Skill: "Quiz", Vendor: "Acme",
		Written: beta.Feedback{ID: id, Kind: beta.Opinion, Rating: 3, Text: "Fine.", At: w.clock.Now(), Email: email("Anna@example.com")},
	}
	if diff := cmp.Diff(want, letter); diff != "" || !wanted {
		t.Errorf("wanted %v, letter (-want +got):\n%s", wanted, diff)
	}
}

// The mail is the developer's: it goes out whatever becomes of the tester or
// the test, and whatever becomes of it, nothing is noted on the tester.
func TestForwardingDoesNotHangOnTheTester(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*world){
		"no thanks": func(w *world) { w.decline(w.link(a)) },
		"removed":   func(w *world) { w.remove(a); w.claim() },
		"ended":     func(w *world) { w.end(); w.claim() },
	} {
		w := newRunning(t, a)
		w.ok(w.UpdateTest(w.ctx, owner, skill, new(a))) // the developer tests too, at the same address
		w.write(w.link(a), w.opinion("1", ""))
		m := w.claim()[0]
		do(w)
		if m.Kind != beta.ForwardMail || !w.wanted(m) {
			t.Errorf("%s: %s is not wanted any more", name, m.Kind)
		}
	}
	w := newRunning(t, a)
	w.ok(w.UpdateTest(w.ctx, owner, skill, new(a)))
	before := w.tester(a)
	w.write(w.link(a), w.opinion("1", ""))
	before.Mails++
	if diff := cmp.Diff(before, w.tester(a)); diff != "" {
		t.Errorf("the tester while it is on its way (-want +got):\n%s", diff)
	}
	w.bounce()
	if diff := cmp.Diff(before, w.tester(a)); diff != "" {
		t.Errorf("the tester after it was refused (-want +got):\n%s", diff)
	}
}

// Feedback that was forwarded does not tell that its author was invited.
func TestForwardedMailIsNoMailToTheTester(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
	w.add(a)
	w.bounce() // the invitation: nobody was told
	w.resend(a)
	w.bounce()
	w.write(w.link(a), w.opinion("1", "By a link given by hand."))
	w.deliver()
	w.putUndeliverable(a, false)
	w.end()
	w.wantPost(post{Dropped: lines(beta.EndedMail)})
}

func (w *world) resend(address string) beta.Batch {
	w.t.Helper()
	return w.done(w.Resend(w.ctx, owner, skill, email(address)))
}

func (w *world) putUndeliverable(address string, is bool) {
	w.t.Helper()
	tester := w.tester(address)
	if tester.Blocked = ""; is {
		tester.Blocked = beta.BecauseUndeliverable
	}
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error {
		return tx.SaveTesters(tester.Test, []beta.Tester{tester})
	}))
}

func TestForwardedFeedbackThatFailedIsAllSentAgain(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a)
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
	w.write(w.link(a), w.opinion("1", ""))
	w.write(w.link(a), w.opinion("2", ""))
	w.bounce()
	w.resend(a)
	w.wantPost(post{Sent: about(beta.ForwardMail, "team@example.com", "team@example.com")})
}

// What a tester wrote is the developer's mail: it is sent again for a tester who
// wants no mail, and nothing else is.
func TestForwardedFeedbackIsSentAgainWhateverItsAuthorWants(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(*world){
		"no thanks":    func(w *world) { w.decline(w.link(a)) },
		"left":         func(w *world) { w.accept(w.link(a)); w.decline(w.link(a)) },
		"unsubscribed": func(w *world) { w.ok(w.Unsubscribe(w.ctx, w.link(a), false, "r")) },
	} {
		w := newRunning(t)
		w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
		w.add(a)
		w.bounce() // the invitation
		w.putUndeliverable(a, false)
		w.write(w.link(a), w.opinion("1", ""))
		w.bounce()
		refuse(w)
		before := w.tester(a)
		w.wantMayResend(a, true)
		w.wantReport(w.resend(a), []entry{{a, beta.Mailed, ""}})
		w.wantPost(post{Sent: about(beta.ForwardMail, "team@example.com")})
		if diff := cmp.Diff(before, w.tester(a)); diff != "" {
			t.Errorf("%s: the tester (-want +got):\n%s", name, diff)
		}
		w.wantMayResend(a, false)
		w.wantReport(w.resend(a), []entry{{a, beta.Skipped, before.Refusal()}})
	}
}

func (w *world) wantMayResend(address string, want bool) {
	w.t.Helper()
	story, err := w.Story(w.ctx, owner, skill, email(address))
	w.ok(err)
	if story.MayResend != want {
		w.t.Errorf("%s: may resend: got %v, want %v", address, story.MayResend, want)
	}
}

func TestWhenATestTakesFeedback(t *testing.T) {
	t.Parallel()
	const life = 90 * day
	for _, c := range []struct {
		name string
		do   func(*world)
		want failure
	}{
		{"running", func(*world) {}, fine},
		{"just ended", func(w *world) { w.end() }, fine},
		{"29 days after", func(w *world) { w.end(); w.clock.Advance(30*day - time.Millisecond) }, fine},
		{"30 days after", func(w *world) { w.end(); w.clock.Advance(30 * day) }, isConflict},
		{"ended by itself", func(w *world) { w.clock.Advance(life + 30*day - time.Millisecond) }, fine},
		{"long ago by itself", func(w *world) { w.clock.Advance(life + 30*day) }, isConflict},
		{"the same, written down", func(w *world) { w.clock.Advance(life + 29*day); w.tick(); w.clock.Advance(day) }, isConflict},
		{"the next round runs", func(w *world) { w.end(); w.create(); w.start() }, fine},
	} {
		w := newRunning(t, a)
		link := w.link(a)
		c.do(w)
		_, err := w.Write(w.ctx, link, w.opinion("3", ""), "")
		wantFailure(t, c.name, err, c.want)
		if inv := w.invitation(w.Invitation(w.ctx, link)); inv.TakesFeedback != (c.want == fine) {
			t.Errorf("%s: the page says %v", c.name, inv.TakesFeedback)
		}
		if want := map[bool]int{true: 1}[c.want == fine]; len(w.written(1)) != want {
			t.Errorf("%s: written: %q, want %d", c.name, w.written(1), want)
		}
	}
}

func TestADraftTakesNoFeedback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.add(a)
	_, err := w.Write(w.ctx, w.link(a), w.opinion("3", ""), "")
	wantFailure(t, "in a draft", err, isConflict)
	w.end()
	_, err = w.Write(w.ctx, w.link(a), w.opinion("3", ""), "")
	wantFailure(t, "in a draft that ended", err, isConflict)
}

func TestTheLinkOfWhoWasRemovedWritesNothing(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a)
	link := w.link(a)
	w.remove(a)
	w.add(a)
	_, err := w.Write(w.ctx, link, w.opinion("3", ""), "")
	wantFailure(t, "by the old link", err, isNotFound)
	w.wantWritten()
}

func TestOneTesterWritesTwentyTimesARound(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a, "b@example.com")
	for i := range 20 {
		w.write(w.link(a), w.opinion("", fmt.Sprint("thought ", i)))
	}
	_, err := w.Write(w.ctx, w.link(a), w.opinion("", "one more"), "")
	wantFailure(t, "the 21st", err, isTooMany)
	w.write(w.link(a), w.opinion("", "thought 19")) // sent again after a lost reply
	w.write(w.link("b@example.com"), w.opinion("5", ""))
	if got := w.written(0); len(got) != 21 {
		t.Errorf("written: got %d, want 21", len(got))
	}
	w.end()
	w.create()
	w.add(a)
	w.start()
	w.write(w.link(a), w.opinion("", "another round"))
}

func TestOnlyWhoSaidNoSaysWhy(t *testing.T) {
	t.Parallel()
	reason, err := beta.ParseFeedback(beta.DeclineReason, "", "No time.")
	if err != nil {
		t.Fatal(err)
	}
	w := newRunning(t, a, "b@example.com")
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("team@example.com")))
	_, err = w.Write(w.ctx, w.link(a), reason, "")
	wantFailure(t, "who has not answered", err, isConflict)
	w.accept(w.link("b@example.com"))
	_, err = w.Write(w.ctx, w.link("b@example.com"), reason, "")
	wantFailure(t, "who accepted", err, isConflict)
	w.decline(w.link(a))
	w.decline(w.link("b@example.com"))
	w.write(w.link(a), reason)
	w.write(w.link("b@example.com"), reason)
	w.wantPost(post{Sent: about(beta.ForwardMail, "team@example.com", "team@example.com")})
	w.wantWritten("b@example.com DECLINE 0 No time.", "a@example.com DECLINE 0 No time.")
}

func TestWhatCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind         beta.FeedbackKind
		rating, text string
		want         string // "rating text", or the code of what is wrong
	}{
		{beta.Opinion, "5", "", "5 "},
		{beta.Opinion, "", "x", "0 x"},
		{beta.Opinion, "1", " \t\r\na\r\nb\rc\n ", "1 a\nb\nc"},
		{beta.Opinion, "1", "a\x1b[31m\vb\u0085c\td", "1 a [31m b c\td"},
		{beta.Opinion, "1", "\u202ex\u2066", "1 \u202ex\u2066"},
		{beta.Opinion, "", strings.Repeat("\U0001F600", 4000), "0 " + strings.Repeat("\U0001F600", 4000)},
		{beta.Opinion, "", strings.Repeat("\r\n", 5000) + "x", "0 x"},
		{beta.Opinion, "", strings.Repeat("x", 4001), beta.CodeLength},
		{beta.Opinion, "", " \n", beta.CodeLength},
		{beta.Opinion, "0", "x", beta.CodePattern},
		{beta.Opinion, "6", "x", beta.CodePattern},
		{beta.Opinion, "12", "x", beta.CodePattern},
		{beta.Opinion, " ", "x", beta.CodePattern},
		{beta.Opinion, "٣", "x", beta.CodePattern},
		{beta.Opinion, "3", "a\x00b", beta.CodePattern},
		{beta.Opinion, "3", "a\xffb", beta.CodePattern},
		{beta.DeclineReason, "5", "x", "0 x"},
		{beta.DeclineReason, "5", "", beta.CodeLength},
		{beta.DeclineReason, "", strings.Repeat("ü", 500), "0 " + strings.Repeat("ü", 500)},
		{beta.DeclineReason, "", strings.Repeat("ü", 501), beta.CodeLength},
	} {
		f, err := beta.ParseFeedback(c.kind, c.rating, c.text)
		got := fmt.Sprintf("%d %s", f.Rating, f.Text)
		if v, bad := err.(beta.Violation); bad {
			got = v.Code
		}
		if got != c.want {
			t.Errorf("%s %q %.40q: got %.80q, want %.80q", c.kind, c.rating, c.text, got, c.want)
		}
	}
}

func TestTheRequestForFeedbackLeadsToTheForm(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a)
	w.clock.Advance(day)
	w.requestFeedback(a)
	w.remind(a)
	for _, m := range w.claim() {
		letter, _, err := w.Letter(w.ctx, m)
		w.ok(err)
		if want := m.Kind == beta.FeedbackMail; strings.Contains(letter.Link, "/f/") != want {
			t.Errorf("%s leads to %s", m.Kind, letter.Link)
		}
	}
}

func TestAMarkReadsBack(t *testing.T) {
	t.Parallel()
	f := beta.Feedback{ID: beta.MailID{Test: 1, Tester: 7, Seq: 3}, At: time.UnixMilli(1_537_947_157_589).UTC()}
	if m, ok := beta.ParseFeedbackMark(f.Mark().String()); !ok || m != f.Mark() {
		t.Errorf("got %v, %v, want %v", m, ok, f.Mark())
	}
	for _, bad := range []string{"", "1", "1.2", "1.2.3.4", "01.2.3", "a.2.3", "1.2.x", "1.+2.3"} {
		if m, ok := beta.ParseFeedbackMark(bad); ok {
			t.Errorf("%q: got %v", bad, m)
		}
	}
}
