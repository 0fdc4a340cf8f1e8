package beta_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tryout/internal/beta"
)

// model is what a skill's newest test must be, kept in the simplest way.
type model struct {
	status  beta.Status // as last changed by a call; empty when there is no test
	expires time.Time
	people  map[string]beta.TesterState // who is in the test, by address key
	refused map[string]beta.TesterState // who said no in this round, and did not come back
}

// Few addresses and a small cap, so that calls meet each other often.
const modelCap = 4

var crowd = []string{"a@example.com", "B@example.com", "b@EXAMPLE.com", "c@bücher.example", "c@xn--bcher-kva.example", "d@example.com", "e@example.com", "f@example.com"}

func TestTheServiceDoesWhatASimpleModelDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldWith(t, beta.Rules{Cap: modelCap, Life: 10 * day})
		w.t = rt
		(&model{}).play(rt, w)
	})
}

func (m *model) play(rt *rapid.T, w *world) {
	some := rapid.SliceOfN(rapid.SampledFrom(crowd), 1, 6)
	one := rapid.SampledFrom(crowd)
	rt.Repeat(map[string]func(*rapid.T){
		"create": func(rt *rapid.T) {
			err := w.CreateTest(w.ctx, owner, skill, "")
			if m.refuses(rt, w, "create", err, "", beta.Ended) {
				return
			}
			*m = model{beta.InDraft, time.Time{}, map[string]beta.TesterState{}, map[string]beta.TesterState{}}
		},
		"start": func(rt *rapid.T) {
			if m.refuses(rt, w, "start", second(w.StartTest(w.ctx, owner, skill)), beta.InDraft) {
				return
			}
			m.status, m.expires = beta.Running, w.clock.Now().Add(10*day)
		},
		"end": func(rt *rapid.T) {
			if !m.refuses(rt, w, "end", second(w.EndTest(w.ctx, owner, skill)), beta.InDraft, beta.Running) {
				m.status = beta.Ended
			}
		},
		"add":    func(rt *rapid.T) { m.add(rt, w, some.Draw(rt, "testers")) },
		"remove": func(rt *rapid.T) { m.remove(rt, w, some.Draw(rt, "testers")) },
		"remind": func(rt *rapid.T) {
			m.refuses(rt, w, "remind", second(w.SendReminder(w.ctx, owner, skill, emails(some.Draw(rt, "testers")...))), beta.Running)
		},
		"accept":  func(rt *rapid.T) { m.answer(w, one.Draw(rt, "tester"), true) },
		"decline": func(rt *rapid.T) { m.answer(w, one.Draw(rt, "tester"), false) },
		"wait": func(rt *rapid.T) {
			w.clock.Advance(time.Duration(rapid.IntRange(1, 100).Draw(rt, "hours")) * time.Hour)
		},
		"tick":    func(*rapid.T) { w.tick() },
		"deliver": func(*rapid.T) { w.deliver() },
		"":        func(rt *rapid.T) { m.check(rt, w) },
	})
}

// now is the state that holds.
func (m *model) now(w *world) beta.Status {
	if m.status == beta.Running && !w.clock.Now().Before(m.expires) {
		return beta.Ended
	}
	return m.status
}

// refuses checks that a call was refused unless the state is one of allowed.
func (m *model) refuses(rt *rapid.T, w *world, what string, err error, allowed ...beta.Status) bool {
	want := fine
	if !slices.Contains(allowed, m.now(w)) {
		want = verdict(m.now(w), false)
	}
	wantFailure(rt, what, err, want)
	return want != fine
}

func (m *model) add(rt *rapid.T, w *world, addresses []string) {
	_, err := w.AddTesters(w.ctx, owner, skill, emails(addresses...))
	after := maps.Clone(m.people)
	for _, a := range addresses {
		key := email(a).Key
		if _, there := after[key]; !there && after != nil {
			after[key] = cmp.Or(m.refused[key], beta.Invited)
		}
	}
	if full := len(after) > modelCap; full && m.now(w) != "" && m.now(w) != beta.Ended {
		wantFailure(rt, "add over the cap", err, isConflict)
		return
	}
	if !m.refuses(rt, w, "add", err, beta.InDraft, beta.Running) {
		m.people = after
	}
}

func (m *model) remove(rt *rapid.T, w *world, addresses []string) {
	_, err := w.RemoveTesters(w.ctx, owner, skill, emails(addresses...))
	if m.refuses(rt, w, "remove", err, beta.InDraft, beta.Running) {
		return
	}
	for _, a := range addresses {
		delete(m.people, email(a).Key)
	}
}

// answer uses the link of a tester who is in the test.
func (m *model) answer(w *world, address string, yes bool) {
	key := email(address).Key
	state, there := m.people[key]
	if !there {
		return
	}
	use := w.Decline
	if yes {
		use = w.Accept
	}
	_, err := use(w.ctx, w.link(address), "")
	if m.now(w) != beta.Running {
		wantFailure(w.t, "answer", err, isConflict)
		return
	}
	w.ok(err)
	delete(m.refused, key)
	switch {
	case yes:
		m.people[key] = beta.Accepted
		return
	case state == beta.Accepted || state == beta.Left:
		m.people[key] = beta.Left
	default:
		m.people[key] = beta.Declined
	}
	m.refused[key] = m.people[key]
}

// check compares what the service shows with the model.
func (m *model) check(rt *rapid.T, w *world) {
	test, status, err := w.BetaTest(w.ctx, owner, skill)
	if m.status == "" {
		wantFailure(rt, "show", err, isNotFound)
		return
	}
	w.ok(err)
	if status != m.now(w) || test.Testers != len(m.people) {
		rt.Errorf("test: got %s with %d testers, want %s with %d", status, test.Testers, m.now(w), len(m.people))
	}
	got := map[string]beta.TesterState{}
	var order []string
	w.ok(second(w.ListTesters(w.ctx, owner, skill, beta.Page{Limit: 100}, beta.Listing{}, func(t beta.Tester, _ bool) error {
		key := email(t.Email.Given).Key
		got[key] = t.State
		order = append(order, key)
		return nil
	})))
	if !maps.Equal(got, m.people) || !slices.IsSorted(order) {
		rt.Errorf("testers: got %v, listed as %q; want %v in order", got, order, m.people)
	}
	for _, a := range crowd {
		want := m.now(w) == beta.Running && m.people[email(a).Key] == beta.Accepted
		if got := w.entitled(a); got != want {
			rt.Errorf("%s entitled: got %v, want %v", a, got, want)
		}
	}
}
