package beta_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

func TestABatchTellsWhoDidWhatAndWhen(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.clock.Advance(day)
	made := w.add("a@example.com")
	got, _, err := w.BatchReport(w.ctx, owner, skill, made.ID)
	w.ok(err)
	test, _ := w.test()
	want := beta.Batch{
		ID: made.ID, Test: test.ID, Skill: skill, Vendor: "V1", By: owner.Name, RequestID: owner.RequestID,
		Operation: beta.OpAdd, At: w.clock.Now(), Entries: []beta.Entry{{Tester: 1, Result: beta.Added}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestAReportKeepsTheOrderOfTheRequest(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "m@example.com")
	b := w.add("z@example.com", "m@example.com", "a@example.com", "Z@example.com", "b@example.com")
	w.wantReport(b, []entry{
		{"z@example.com", beta.Added, ""},
		{"m@example.com", beta.Already, ""},
		{"a@example.com", beta.Added, ""},
		{"z@example.com", beta.Already, beta.BecauseRepeated},
		{"b@example.com", beta.Added, ""},
	})
	b = w.remove("b@example.com", "nobody@example.com", "a@example.com", "b@example.com")
	w.wantReport(b, []entry{
		{"b@example.com", beta.Removed, ""},
		{"nobody@example.com", beta.NotThere, beta.BecauseNotThere},
		{"a@example.com", beta.Removed, ""},
		{"b@example.com", beta.Skipped, beta.BecauseRepeated},
	})
}

func TestAReportOutlivesTheTester(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	added := w.add("a@example.com", "b@example.com")
	w.remove("a@example.com")
	again := w.add("A@Example.com")
	w.remove("a@example.com", "b@example.com")
	w.end()
	w.create()
	w.wantReport(added, []entry{{"a@example.com", beta.Added, ""}, {"b@example.com", beta.Added, ""}})
	w.wantReport(again, []entry{{"A@Example.com", beta.Added, ""}})
}

func TestAReportNamesStrangersHoweverOften(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	for range 3 {
		b := w.remind("nobody@example.com", "noone@example.com")
		w.wantReport(b, []entry{
			{"nobody@example.com", beta.Skipped, beta.BecauseNotThere},
			{"noone@example.com", beta.Skipped, beta.BecauseNotThere},
		})
	}
	w.add("nobody@example.com")
	w.wantReport(w.remove("nobody@example.com"), []entry{{"nobody@example.com", beta.Removed, ""}})
}

func TestABatchBelongsToItsSkill(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	b := w.add("a@example.com")
	w.ok(w.CreateTest(w.ctx, owner, another, ""))
	_, _, err := w.BatchReport(w.ctx, owner, another, b.ID)
	wantFailure(t, "a batch of another skill", err, isNotFound)
	_, _, err = w.BatchReport(w.ctx, owner, skill, "nonsense")
	wantFailure(t, "an unknown batch", err, isNotFound)
	stranger := beta.Caller{Vendor: "V2", Write: true}
	_, _, err = w.BatchReport(w.ctx, stranger, skill, b.ID)
	wantFailure(t, "a batch of another vendor", err, unauthorized)
}
