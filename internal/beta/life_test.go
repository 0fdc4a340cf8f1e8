package beta_test

import (
	"cmp"
	"testing"

	"tryout/internal/beta"
)

// moment is a state that a skill can be found in, with how it gets there.
type moment struct {
	name   string
	status beta.Status // that holds; empty when there is no test
	arrive func(*world)
}

// The test, where there is one, has the tester old@example.com.
var moments = []moment{
	{"no test", "", func(*world) {}},
	{"draft", beta.InDraft, func(w *world) { w.create(); w.add("old@example.com") }},
	{"starting", beta.Starting, func(w *world) { w.run("old@example.com"); w.save(beta.Starting) }},
	{"running", beta.Running, func(w *world) { w.run("old@example.com") }},
	{"stopping", beta.Stopping, func(w *world) { w.run("old@example.com"); w.save(beta.Stopping) }},
	{"ended", beta.Ended, func(w *world) { w.run("old@example.com"); w.end() }},
	{"ended as a draft", beta.Ended, func(w *world) { w.create(); w.add("old@example.com"); w.end() }},
	{"time is up", beta.Ended, func(w *world) { w.run("old@example.com"); w.clock.Advance(90 * day) }},
	{"time is up while starting", beta.Ended, func(w *world) {
		w.run("old@example.com")
		w.save(beta.Starting)
		w.clock.Advance(90 * day)
	}},
}

// save puts the newest test into a state that only great numbers lead to.
func (w *world) save(status beta.Status) {
	w.t.Helper()
	test, _ := w.test()
	test.Stored = status
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error { return tx.SaveTest(test) }))
}

// calls are the operations, each with the states that allow it and the state it
// leaves; empty leaves it as it was.
var calls = []struct {
	name  string
	in    map[beta.Status]beta.Status
	call  func(*world) error
	reads bool // any test will do
}{
	{name: "create", in: to(beta.InDraft, "", beta.Ended), call: func(w *world) error {
		return w.CreateTest(w.ctx, owner, skill, "")
	}},
	{name: "update", in: to("", beta.InDraft, beta.Running), call: func(w *world) error {
		return w.UpdateTest(w.ctx, owner, skill, new("fb@example.com"))
	}},
	{name: "start", in: to(beta.Running, beta.InDraft), call: func(w *world) error {
		_, err := w.StartTest(w.ctx, owner, skill)
		return err
	}},
	{name: "end", in: to(beta.Ended, beta.InDraft, beta.Running), call: func(w *world) error {
		_, err := w.EndTest(w.ctx, owner, skill)
		return err
	}},
	{name: "add", in: to("", beta.InDraft, beta.Running), call: func(w *world) error {
		_, err := w.AddTesters(w.ctx, owner, skill, emails("new@example.com"))
		return err
	}},
	{name: "remove", in: to("", beta.InDraft, beta.Running), call: func(w *world) error {
		_, err := w.RemoveTesters(w.ctx, owner, skill, emails("old@example.com"))
		return err
	}},
	{name: "remind", in: to("", beta.Running), call: func(w *world) error {
		_, err := w.SendReminder(w.ctx, owner, skill, emails("old@example.com"))
		return err
	}},
	{name: "request feedback", in: to("", beta.Running), call: func(w *world) error {
		_, err := w.RequestFeedback(w.ctx, owner, skill, emails("old@example.com"))
		return err
	}},
	{name: "show", reads: true, call: func(w *world) error {
		_, _, err := w.BetaTest(w.ctx, owner, skill)
		return err
	}},
	{name: "list", reads: true, call: func(w *world) error {
		_, err := w.ListTesters(w.ctx, owner, skill, beta.Page{Limit: 100}, beta.Listing{}, func(beta.Tester, bool) error { return nil })
		return err
	}},
	{name: "entitlement", reads: true, call: func(w *world) error {
		_, err := w.Entitled(w.ctx, owner, skill, email("old@example.com"))
		return err
	}},
	{name: "needing a test", reads: true, call: func(w *world) error {
		return w.Check(w.ctx, owner, skill, beta.Need{Write: true, Test: true})
	}},
}

func to(next beta.Status, from ...beta.Status) map[beta.Status]beta.Status {
	m := map[beta.Status]beta.Status{}
	for _, s := range from {
		m[s] = next
	}
	return m
}

func TestACallThatTheStateAllowsLeavesTheNextState(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		for _, c := range calls {
			next, allowed := c.in[m.status]
			if !allowed {
				continue
			}
			t.Run(c.name+" when "+m.name, func(t *testing.T) {
				t.Parallel()
				w := m.world(t)
				wantFailure(t, c.name, c.call(w), fine)
				w.wantStatus(cmp.Or(next, m.status))
			})
		}
	}
}

func TestACallThatTheStateForbidsChangesAndMailsNothing(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			w := m.world(t)
			before := w.snapshot()
			for _, c := range calls {
				if _, changes := c.in[m.status]; !changes {
					wantFailure(t, c.name, c.call(w), verdict(m.status, c.reads))
					w.wantUnchanged(before)
				}
			}
		})
	}
}

// world is one that is in the moment, with no mail due.
func (m moment) world(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	m.arrive(w)
	w.claim()
	if got := w.snapshot().Status(w.clock.Now()); got != m.status {
		t.Fatalf("status when %s: got %q, want %q", m.name, got, m.status)
	}
	return w
}

func verdict(status beta.Status, reads bool) failure {
	switch {
	case status == "":
		return isNotFound
	case reads:
		return fine
	}
	return isConflict
}

func (w *world) wantStatus(want beta.Status) {
	w.t.Helper()
	if _, got := w.test(); got != want {
		w.t.Errorf("status: got %s, want %s", got, want)
	}
}

// snapshot is the skill's newest test; zero when it never had one.
func (w *world) snapshot() (test beta.Test) {
	w.t.Helper()
	w.view(func(r beta.Reader) (err error) {
		_, test, err = r.SkillTest(skill)
		return err
	})
	return test
}

// wantUnchanged checks that a refused call changed and mailed nothing.
func (w *world) wantUnchanged(before beta.Test) {
	w.t.Helper()
	if after := w.snapshot(); after != before {
		w.t.Errorf("test: got %+v, want %+v", after, before)
	}
	if mails := w.claim(); mails != nil {
		w.t.Errorf("mail: got %v, want none", mails)
	}
}
