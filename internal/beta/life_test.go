package beta_test

import (
	"testing"

	"tryout/internal/beta"
)

// moments are the states a skill can be found in, with how it gets there. The
// test, where there is one, has the tester old@example.com.
var moments = []struct {
	name   string
	status beta.Status // that holds before the call; empty when there is no test
	arrive func(*world)
}{
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
		_, err := w.ListTesters(w.ctx, owner, skill, beta.Page{Limit: 100}, func(beta.Tester, bool) error { return nil })
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

func TestEveryCallInEveryStateOfATest(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		for _, c := range calls {
			t.Run(c.name+" when "+m.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				m.arrive(w)
				w.wantStatus(m.status)
				next, allowed := c.in[m.status]
				wantFailure(t, c.name, c.call(w), verdict(m.status, allowed || c.reads))
				if next == "" || !allowed {
					next = m.status
				}
				w.wantStatus(next)
			})
		}
	}
}

// verdict is how a call ends in a state.
func verdict(status beta.Status, allowed bool) failure {
	switch {
	case allowed && (status != ""):
		return fine
	case status == "":
		return noTest(allowed)
	}
	return isConflict
}

func noTest(allowed bool) failure {
	if allowed {
		return fine
	}
	return isNotFound
}

// wantStatus checks which state holds; empty is no test at all.
func (w *world) wantStatus(want beta.Status) {
	w.t.Helper()
	_, got, err := w.BetaTest(w.ctx, owner, skill)
	if want == "" {
		wantFailure(w.t, "show", err, isNotFound)
		return
	}
	w.ok(err)
	if got != want {
		w.t.Errorf("status: got %s, want %s", got, want)
	}
}

func TestARefusedCallChangesAndMailsNothing(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		for _, c := range calls {
			if _, allowed := c.in[m.status]; allowed || c.reads || m.status == "" {
				continue
			}
			t.Run(c.name+" when "+m.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				m.arrive(w)
				before, _ := w.test()
				w.claim() // what got us here
				if err := c.call(w); err == nil {
					t.Fatal("got no error, want one")
				}
				if after, _ := w.test(); after != before {
					t.Errorf("test: got %+v, want %+v", after, before)
				}
				if mails := w.claim(); mails != nil {
					t.Errorf("mail: got %v, want none", mails)
				}
			})
		}
	}
}
