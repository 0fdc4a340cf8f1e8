package beta_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

func TestAddingToARunningTestInvites(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	b := w.add("a@example.com", "b@example.com")
	w.wantReport(b, []entry{{"a@example.com", beta.Added, ""}, {"b@example.com", beta.Added, ""}})
	w.wantPost(post{Sent: about(beta.InvitationMail, "a@example.com", "b@example.com")})
}

func TestAddingToADraftMailsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	b := w.add("a@example.com")
	w.wantReport(b, []entry{{"a@example.com", beta.Added, beta.BecauseDraft}})
	w.wantPost(post{})
}

func TestAddingTwiceInvitesOnce(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.add("a@example.com")
	first := w.tester("a@example.com")
	w.clock.Advance(day)
	b := w.add("a@example.com", "b@example.com")
	w.wantReport(b, []entry{{"a@example.com", beta.Already, ""}, {"b@example.com", beta.Added, ""}})
	w.wantPost(post{Sent: about(beta.InvitationMail, "a@example.com", "b@example.com")})
	first.Unsettled = 0 // delivered
	if diff := cmp.Diff(first, w.tester("a@example.com")); diff != "" {
		t.Errorf("the tester changed (-want +got):\n%s", diff)
	}
}

func TestThreeSpellingsAreOneTester(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	b := w.add("Anna@Bücher.example", "ANNA@xn--bcher-kva.example", "anna@BÜCHER.EXAMPLE")
	w.wantReport(b, []entry{
		{"Anna@Bücher.example", beta.Added, ""},
		{"Anna@Bücher.example", beta.Already, beta.BecauseRepeated},
		{"Anna@Bücher.example", beta.Already, beta.BecauseRepeated},
	})
	w.add("anna@bücher.example")
	addresses, _ := w.listed()
	if want := []string{"Anna@Bücher.example"}; !cmp.Equal(addresses, want) {
		t.Errorf("listed: got %q, want the first spelling, %q", addresses, want)
	}
	w.wantPost(post{Sent: about(beta.InvitationMail, "Anna@Bücher.example")})
	if test, _ := w.test(); test.Testers != 1 {
		t.Errorf("testers: got %d, want 1", test.Testers)
	}
}

func TestPlusTagsAreTestersOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "a+1@example.com")
	if addresses, _ := w.listed(); len(addresses) != 2 {
		t.Errorf("listed: got %q, want both", addresses)
	}
}

func TestTheCapIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{Cap: 3})
	w.run("a@example.com", "b@example.com")
	before := w.snapshot()
	_, err := w.AddTesters(w.ctx, owner, skill, emails("a@example.com", "c@example.com", "d@example.com"))
	wantFailure(t, "a fourth tester", err, isConflict)
	w.wantUnchanged(before)
	if addresses, _ := w.listed(); len(addresses) != 2 {
		t.Errorf("listed: got %q, want the two from before", addresses)
	}
}

func TestTheCapCountsOnlyNewcomers(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{Cap: 3})
	w.run("a@example.com", "b@example.com")
	w.add("a@example.com", "A@example.com", "b@example.com", "c@example.com", "C@example.com")
	w.add("c@example.com", "b@example.com", "a@example.com")
	_, err := w.AddTesters(w.ctx, owner, skill, emails("d@example.com"))
	wantFailure(t, "a fourth tester", err, isConflict)
}

func TestRepeatingAnAddIsFineAboveALoweredCap(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	w.Cap = 1
	w.add("a@example.com", "b@example.com")
	_, err := w.AddTesters(w.ctx, owner, skill, emails("c@example.com"))
	wantFailure(t, "a newcomer", err, isConflict)
}

func TestARemovalGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, beta.Rules{Cap: 2})
	w.run("a@example.com", "b@example.com")
	w.remove("a@example.com", "A@example.com", "nobody@example.com")
	w.add("c@example.com")
	_, err := w.AddTesters(w.ctx, owner, skill, emails("d@example.com"))
	wantFailure(t, "a third tester", err, isConflict)
}

func TestDefaultsAre500TestersAndADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := beta.Rules{Cap: 500, Life: 90 * day, ReminderEvery: day, FeedbackEvery: day}
	if w.Rules != want {
		t.Errorf("rules: got %+v, want %+v", w.Rules, want)
	}
	w.create()
	w.add(numbered(500)...)
	_, err := w.AddTesters(w.ctx, owner, skill, emails("one@example.com"))
	wantFailure(t, "tester 501", err, isConflict)
}

func TestTheOutboxIsWokenByMailAlone(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	for _, step := range []struct {
		name  string
		do    func()
		woken int64
	}{
		{"adding a newcomer", func() { w.add("a@example.com") }, 1},
		{"adding them again", func() { w.add("a@example.com") }, 0},
		{"removing nobody", func() { w.remove("nobody@example.com") }, 0},
		{"reminding too soon", func() { w.remind("a@example.com") }, 0},
		{"asking for feedback", func() { w.requestFeedback("a@example.com") }, 1},
		{"removing", func() { w.remove("a@example.com") }, 1},
	} {
		before := w.woken.Load()
		step.do()
		if got := w.woken.Load() - before; got != step.woken {
			t.Errorf("%s: woken %d times, want %d", step.name, got, step.woken)
		}
	}
}
