package beta_test

import (
	"testing"

	"tryout/internal/beta"
)

func TestWhoMayIsAskedInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	reader := beta.Caller{Name: "reader", Vendor: "V1"}
	stranger := beta.Caller{Name: "stranger", Vendor: "V2"} // may only read, too
	for _, c := range []struct {
		name  string
		by    beta.Caller
		id    beta.SkillID
		write failure
		read  failure
	}{
		{"owner", owner, skill, fine, fine},
		{"owner, no test", owner, another, isNotFound, isNotFound},
		{"owner, no skill", owner, "unknown", isNotFound, isNotFound},
		{"reader", reader, skill, isForbidden, fine},
		{"reader, no test", reader, another, isForbidden, isNotFound},
		{"reader, no skill", reader, "unknown", isNotFound, isNotFound},
		{"stranger", stranger, skill, unauthorized, unauthorized},
		{"stranger, no test", stranger, another, unauthorized, unauthorized},
		{"stranger, no skill", stranger, "unknown", isNotFound, isNotFound},
		{"nobody", beta.Caller{Write: true}, skill, unauthorized, unauthorized},
	} {
		for _, write := range []bool{true, false} {
			want := c.read
			if write {
				want = c.write
			}
			wantFailure(t, c.name, w.Check(w.ctx, c.by, c.id, beta.Need{Write: write, Test: true}), want)
			for name, call := range callsBy(w, c.by, c.id, write) {
				if want != fine {
					wantFailure(t, c.name+": "+name, call(), want)
				}
			}
		}
	}
}

// callsBy are all calls that need a test, those that write or those that read.
func callsBy(w *world, by beta.Caller, id beta.SkillID, write bool) map[string]func() error {
	a := emails("a@example.com")
	if !write {
		return map[string]func() error{
			"show": func() error { _, _, err := w.BetaTest(w.ctx, by, id); return err },
			"list": func() error {
				_, err := w.ListTesters(w.ctx, by, id, beta.Page{Limit: 1}, beta.Listing{}, nil)
				return err
			},
			"entitled": func() error { return second(w.Entitled(w.ctx, by, id, a[0])) },
			"feedback": func() error { return second(w.ListFeedback(w.ctx, by, id, beta.FeedbackPage{Limit: 1})) },
			"batch":    func() error { _, _, err := w.BatchReport(w.ctx, by, id, "b"); return err },
		}
	}
	return map[string]func() error{
		"update":   func() error { return w.UpdateTest(w.ctx, by, id, nil) },
		"start":    func() error { return second(w.StartTest(w.ctx, by, id)) },
		"end":      func() error { return second(w.EndTest(w.ctx, by, id)) },
		"add":      func() error { return second(w.AddTesters(w.ctx, by, id, a)) },
		"add more": func() error { return second(w.AddTestersWith(w.ctx, by, id, a, beta.Adding{Quiet: true})) },
		"language": func() error { return w.SetLanguage(w.ctx, by, id, "de") },
		"remove":   func() error { return second(w.RemoveTesters(w.ctx, by, id, a)) },
		"remind":   func() error { return second(w.SendReminder(w.ctx, by, id, a)) },
		"feedback": func() error { return second(w.RequestFeedback(w.ctx, by, id, a)) },
	}
}

func TestCreatingATestNeedsNoTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		by   beta.Caller
		id   beta.SkillID
		want failure
	}{
		{owner, "unknown", isNotFound},
		{beta.Caller{Vendor: "V2", Write: true}, skill, unauthorized},
		{beta.Caller{Vendor: "V1"}, skill, isForbidden},
		{owner, skill, fine},
	} {
		wantFailure(t, "create", w.CreateTest(w.ctx, c.by, c.id, ""), c.want)
	}
	w.ok(w.Check(w.ctx, owner, another, beta.Need{Write: true}))
}

func TestFeedbackEmailIsSetLeftAndCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.CreateTest(w.ctx, owner, skill, "first@example.com"))
	for _, c := range []struct {
		set  *string
		want string
	}{
		{nil, "first@example.com"},
		{new("second@example.com"), "second@example.com"},
		{nil, "second@example.com"},
		{new(""), ""},
	} {
		w.ok(w.UpdateTest(w.ctx, owner, skill, c.set))
		if test, _ := w.test(); test.FeedbackEmail != c.want {
			t.Errorf("feedbackEmail: got %q, want %q", test.FeedbackEmail, c.want)
		}
	}
}

func TestVendorsAndSkillsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invalid := failure{beta.Invalid, beta.CodePattern}
	for _, c := range []struct {
		vendor beta.Vendor
		want   failure
	}{
		{beta.Vendor{ID: "V9", Name: "Fine & Sons <Ltd>"}, fine},
		{beta.Vendor{ID: "V9", Name: "Again"}, isConflict},
		{beta.Vendor{ID: "", Name: "No id"}, invalid},
		{beta.Vendor{ID: "V\n", Name: "Two lines"}, invalid},
		{beta.Vendor{ID: "V8", Name: " "}, invalid},
		{beta.Vendor{ID: "V8", Name: "a\r\nb"}, invalid},
	} {
		wantFailure(t, c.vendor.Name, w.CreateVendor(w.ctx, c.vendor), c.want)
	}
	for _, c := range []struct {
		skill beta.Skill
		want  failure
	}{
		{beta.Skill{ID: "S9", Vendor: "V9", Name: "Quiz"}, fine},
		{beta.Skill{ID: "S9", Vendor: "V1", Name: "Again"}, isConflict},
		{beta.Skill{ID: "S8", Vendor: "V0", Name: "Orphan"}, isNotFound},
		{beta.Skill{ID: "S\x00", Vendor: "V9", Name: "Nul"}, invalid},
		{beta.Skill{ID: "S8", Vendor: "V9", Name: ""}, invalid},
	} {
		wantFailure(t, c.skill.Name, w.CreateSkill(w.ctx, c.skill), c.want)
	}
}

func TestACallerSeesTheirVendorsSkillsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	skills, err := w.Skills(w.ctx, owner, "V1", "", 10)
	w.ok(err)
	if len(skills) != 2 || skills[0].ID != skill || skills[1].ID != another {
		t.Errorf("skills: got %v, want %s and %s", skills, skill, another)
	}
	_, err = w.Skills(w.ctx, owner, "V2", "", 10)
	wantFailure(t, "another vendor's skills", err, unauthorized)
	_, err = w.Skill(w.ctx, owner, foreign)
	wantFailure(t, "another vendor's skill", err, unauthorized)
	if v, err := w.Vendor(w.ctx, owner); err != nil || v.Name != "Acme" {
		t.Errorf("vendor: got %v, %v, want Acme", v, err)
	}
}

func TestAPageOfAnEarlierRoundIsRefused(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com", "b@example.com")
	first, err := w.ListTesters(w.ctx, owner, skill, beta.Page{Limit: 1}, beta.Listing{}, func(beta.Tester, bool) error { return nil })
	w.ok(err)
	w.end()
	w.create()
	_, err = w.ListTesters(w.ctx, owner, skill, first.Next, beta.Listing{}, nil)
	wantFailure(t, "the next page", err, failure{beta.Invalid, beta.CodeParameter})
}

func TestAnEditorChangesTestersAndNotTheTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	editor := beta.Caller{Name: "editor", Vendor: "V1", Write: true, TestersOnly: true}
	wantFailure(t, "create", w.CreateTest(w.ctx, editor, skill, ""), isForbidden)
	w.run()
	wantFailure(t, "update", w.UpdateTest(w.ctx, editor, skill, nil), isForbidden)
	wantFailure(t, "language", w.SetLanguage(w.ctx, editor, skill, "de"), isForbidden)
	wantFailure(t, "start", second(w.StartTest(w.ctx, editor, skill)), isForbidden)
	wantFailure(t, "end", second(w.EndTest(w.ctx, editor, skill)), isForbidden)
	a := emails("a@example.com")
	wantFailure(t, "add", second(w.AddTesters(w.ctx, editor, skill, a)), fine)
	wantFailure(t, "remind", second(w.SendReminder(w.ctx, editor, skill, a)), fine)
	wantFailure(t, "ask", second(w.RequestFeedback(w.ctx, editor, skill, a)), fine)
	wantFailure(t, "remove", second(w.RemoveTesters(w.ctx, editor, skill, a)), fine)
	wantFailure(t, "check", w.Check(w.ctx, editor, skill, beta.Need{Write: true, Own: true, Test: true}), isForbidden)
}
