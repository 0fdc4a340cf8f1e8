package beta_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

const a = "a@example.com"

// lines are mails to one tester, as [post] has them.
func lines(kinds ...beta.MailKind) (list []string) {
	for _, k := range kinds {
		list = append(list, about(k, a)...)
	}
	return sorted(list)
}

func TestMailThatWasOvertakenIsDropped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*world) // with the invitation sent
		want post
	}{
		{"reminder, then removed", func(w *world) { w.clock.Advance(day); w.remind(a); w.remove(a) },
			post{Sent: lines(beta.RemovedMail), Dropped: lines(beta.ReminderMail)}},
		{"reminder, then ended", func(w *world) { w.clock.Advance(day); w.remind(a); w.end() },
			post{Sent: lines(beta.EndedMail), Dropped: lines(beta.ReminderMail)}},
		{"reminder, then no thanks", func(w *world) { w.clock.Advance(day); w.remind(a); w.decline(w.link(a)) },
			post{Dropped: lines(beta.ReminderMail)}},
		{"feedback request, then accepted", func(w *world) { w.requestFeedback(a); w.accept(w.link(a)) },
			post{Sent: lines(beta.FeedbackMail)}},
		{"feedback request, then the time is up", func(w *world) { w.requestFeedback(a); w.clock.Advance(90 * day) },
			post{Dropped: lines(beta.FeedbackMail)}},
		{"ended, then no thanks before", func(w *world) { w.decline(w.link(a)); w.end() }, post{}},
		{"removed, then added again", func(w *world) { w.remove(a); w.add(a) },
			post{Sent: lines(beta.InvitationMail), Dropped: lines(beta.RemovedMail)}},
		{"removed, added again, removed", func(w *world) { w.remove(a); w.add(a); w.remove(a) },
			post{Sent: lines(beta.RemovedMail), Dropped: lines(beta.InvitationMail, beta.RemovedMail)}},
		{"removed, then ended", func(w *world) { w.remove(a); w.end() }, post{Sent: lines(beta.RemovedMail)}},
		{"ended, then the next round begins with them", func(w *world) { w.end(); w.create(); w.add(a); w.start() },
			post{Sent: lines(beta.EndedMail, beta.InvitationMail)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newRunning(t, a)
			c.do(w)
			w.wantPost(c.want)
		})
	}
}

func TestWhoseAddressRefusedMeanwhileIsNotToldOfTheEnd(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a)
	w.clock.Advance(day)
	w.remind(a)
	reminder := w.claim()[0]
	w.end()
	refused := settled(beta.MailFailed, w.clock.Now())
	refused.Undeliverable = true
	w.settle(reminder, refused)
	w.wantPost(post{Dropped: lines(beta.EndedMail)})
}

func TestALetterSaysEverythingAMessageNeeds(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.ok(w.UpdateTest(w.ctx, owner, skill, new("fb@example.com")))
	w.add("Anna@example.com")
	link, test := w.link("anna@example.com"), w.snapshot()
	m := w.claim()[0]
	letter, wanted, err := w.Letter(w.ctx, m)
	w.ok(err)
	want := beta.Letter{
		ID: beta.MailID{Test: link.Test, Tester: link.Tester, Seq: 1}, QueuedAt: w.clock.Now(), Kind: beta.InvitationMail,
		To: email("Anna@example.com"), Skill: "Quiz", SkillID: skill, Vendor: "Acme", VendorID: "V1", FeedbackEmail: "fb@example.com",
		ExpiresAt: test.ExpiresAt, Link: fmt.Sprintf("https://try.example/i/%s-%d", link.Test, link.Tester),
		Unsubscribe: fmt.Sprintf("https://try.example/u/%s-%d", link.Test, link.Tester),
	}
	if diff := cmp.Diff(want, letter); diff != "" || !wanted {
		t.Errorf("wanted %v, letter (-want +got):\n%s", wanted, diff)
	}
	w.accept(link)
	if letter, _, err := w.Letter(w.ctx, m); err != nil || !letter.Accepted {
		t.Errorf("after accepting: got %+v, %v, want Accepted", letter, err)
	}
}

func TestAMailKnowsWhatCausedIt(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	b := w.add(a)
	got := w.claim()[0]
	want := beta.Mail{
		ID: beta.MailID{Test: b.Test, Tester: 1, Seq: 1}, Kind: beta.InvitationMail, To: email(a), Vendor: "V1",
		Batch: b.ID, RequestID: owner.RequestID, QueuedAt: w.clock.Now(), DueAt: got.DueAt, Attempts: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mail (-want +got):\n%s", diff)
	}
}

func TestEveryMailOfATesterHasAnIDOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	seen := map[beta.MailID]beta.MailKind{}
	for _, do := range []func(){
		func() { w.add(a) }, func() { w.requestFeedback(a) }, func() { w.clock.Advance(day); w.remind(a) },
		func() { w.remove(a) }, func() { w.add(a) }, w.end,
	} {
		do()
		w.settleAll(func(m beta.Mail) beta.Settlement {
			if other, again := seen[m.ID]; again {
				t.Errorf("%s and %s are both %s", m.Kind, other, m.ID)
			}
			seen[m.ID] = m.Kind
			return settled(beta.MailSent, w.clock.Now())
		})
	}
	if len(seen) != 6 {
		t.Errorf("mails: got %v, want 6", seen)
	}
}

// A mail that somebody does not want names their wish; one that the test or its
// owner overtook does not.
func TestALetterThatIsNotWantedSaysWhoseWishItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*world) // with an invitation on its way
		want beta.Reason
	}{
		{"declined", func(w *world) { w.decline(w.link(a)) }, beta.BecauseDeclined},
		{"left", func(w *world) { w.accept(w.link(a)); w.decline(w.link(a)) }, beta.BecauseLeft},
		{"unsubscribed", func(w *world) { w.ok(w.Unsubscribe(w.ctx, w.link(a), false, "")) }, beta.BecauseUnsubscribed},
		{"unsubscribed, then the test ended", func(w *world) { w.ok(w.Unsubscribe(w.ctx, w.link(a), false, "")); w.end() }, beta.BecauseUnsubscribed},
		{"removed", func(w *world) { w.remove(a) }, ""},
		{"ended", func(w *world) { w.end() }, ""},
	} {
		w := newRunning(t)
		w.add(a)
		m := w.claim()[0]
		c.do(w)
		if l, wanted, err := w.Letter(w.ctx, m); err != nil || wanted || l.Refusal != c.want {
			t.Errorf("%s: wanted %v, refusal %q, %v; want %q", c.name, wanted, l.Refusal, err, c.want)
		}
	}
}

func TestWhoUnsubscribedIsNotToldOfTheirRemovalAndThatIsWhy(t *testing.T) {
	t.Parallel()
	w := newRunning(t, a)
	link := w.link(a)
	w.remove(a)
	m := w.claim()[0]
	w.ok(w.Unsubscribe(w.ctx, link, false, ""))
	if l, wanted, err := w.Letter(w.ctx, m); err != nil || wanted || l.Refusal != beta.BecauseUnsubscribed {
		t.Errorf("wanted %v, refusal %q, %v", wanted, l.Refusal, err)
	}
}

// A worker died with the invitation in hand. The relay may have it, so whoever
// is removed then is told, once the claim has lapsed.
func TestWhoMayHaveBeenInvitedByAWorkerThatDiedIsToldOfTheirRemoval(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add(a)
	w.claim()
	w.remove(a)
	w.wantPost(post{Waiting: lines(beta.RemovedMail)})
	w.clock.Advance(time.Hour)
	w.wantPost(post{Sent: lines(beta.RemovedMail), Dropped: lines(beta.InvitationMail)})
}
