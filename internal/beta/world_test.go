package beta_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

const (
	skill   beta.SkillID = "amzn1.ask.skill.1"
	another beta.SkillID = "amzn1.ask.skill.2" // of the same vendor
	foreign beta.SkillID = "amzn1.ask.skill.3" // of another vendor
)

var owner = beta.Caller{Name: "token 5f2c81d0", Vendor: "V1", Write: true, RequestID: "request-1"}

// world is a service on a real store, with a clock that stands until it is
// moved, two vendors and three skills.
type world struct {
	*beta.Service
	ctx   context.Context
	t     rapid.TB
	clock *storetest.Clock
	store *store.Store
	woken atomic.Int64  // how often the outbox was told of mail
	bell  chan struct{} // rings then
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, beta.Rules{})
}

func newWorldWith(t *testing.T, rules beta.Rules) *world {
	t.Helper()
	w := &world{ctx: t.Context(), t: t, clock: storetest.NewClock(), bell: make(chan struct{}, 1)}
	w.store = storetest.Open(t, w.clock.Now)
	w.Service = beta.NewService(w.store, w.clock.Now, rules,
		func(at beta.Place, l beta.Link) string {
			return fmt.Sprintf("https://try.example/%s/%s-%d", at, l.Test, l.Tester)
		},
		w.wake)
	w.ok(w.store.Update(w.ctx, people))
	return w
}

func (w *world) wake() {
	w.woken.Add(1)
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// people stores the vendors and skills of a world.
func people(tx beta.Tx) error {
	var errs []error
	for _, v := range []beta.Vendor{{ID: "V1", Name: "Acme"}, {ID: "V2", Name: "Umbrella"}} {
		_, err := tx.CreateVendor(v, storetest.Start)
		errs = append(errs, err)
	}
	for _, s := range []beta.Skill{
		{ID: skill, Vendor: "V1", Name: "Quiz"}, {ID: another, Vendor: "V1", Name: "Chess"}, {ID: foreign, Vendor: "V2", Name: "Trivia"},
	} {
		_, err := tx.CreateSkill(s)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// newRunning is a world whose skill has a running test with these testers, all
// of their invitations sent.
func newRunning(t *testing.T, addresses ...string) *world {
	t.Helper()
	w := newWorld(t)
	w.run(addresses...)
	return w
}

func (w *world) run(addresses ...string) {
	w.t.Helper()
	w.create()
	w.start()
	if len(addresses) > 0 {
		w.add(addresses...)
		w.deliver()
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("unexpected error: %v", err)
	}
}

func (w *world) create() { w.t.Helper(); w.ok(w.CreateTest(w.ctx, owner, skill, "")) }
func (w *world) start()  { w.t.Helper(); w.done(w.StartTest(w.ctx, owner, skill)) }
func (w *world) end()    { w.t.Helper(); w.done(w.EndTest(w.ctx, owner, skill)) }

func (w *world) add(addresses ...string) beta.Batch {
	w.t.Helper()
	return w.done(w.AddTesters(w.ctx, owner, skill, emails(addresses...)))
}

func (w *world) remove(addresses ...string) beta.Batch {
	w.t.Helper()
	return w.done(w.RemoveTesters(w.ctx, owner, skill, emails(addresses...)))
}

func (w *world) remind(addresses ...string) beta.Batch {
	w.t.Helper()
	return w.done(w.SendReminder(w.ctx, owner, skill, emails(addresses...)))
}

func (w *world) requestFeedback(addresses ...string) beta.Batch {
	w.t.Helper()
	return w.done(w.RequestFeedback(w.ctx, owner, skill, emails(addresses...)))
}

func (w *world) accept(l beta.Link)  { w.t.Helper(); w.invitation(w.Accept(w.ctx, l, "request-2")) }
func (w *world) decline(l beta.Link) { w.t.Helper(); w.invitation(w.Decline(w.ctx, l, "request-2")) }

func (w *world) done(b beta.Batch, err error) beta.Batch {
	w.t.Helper()
	w.ok(err)
	return b
}

func (w *world) invitation(inv beta.Invitation, err error) beta.Invitation {
	w.t.Helper()
	w.ok(err)
	return inv
}

// tick does all that time or size left unfinished, and returns the steps it took.
func (w *world) tick() (steps int) {
	w.t.Helper()
	for {
		more, err := w.Tick(w.ctx)
		w.ok(err)
		if !more {
			return steps
		}
		steps++
	}
}

// test returns the skill's newest test and the state that holds.
func (w *world) test() (beta.Test, beta.Status) {
	w.t.Helper()
	test, status, err := w.BetaTest(w.ctx, owner, skill)
	w.ok(err)
	return test, status
}

// tester returns the tester of the newest test with this address.
func (w *world) tester(address string) beta.Tester {
	w.t.Helper()
	tester, found := w.find(address)
	if !found {
		w.t.Fatalf("%s is not in the test", address)
	}
	return tester
}

func (w *world) find(address string) (tester beta.Tester, found bool) {
	w.t.Helper()
	test, _ := w.test()
	w.view(func(r beta.Reader) (err error) {
		tester, found, err = r.Tester(test.ID, email(address).Key)
		return err
	})
	return tester, found
}

func (w *world) link(address string) beta.Link {
	w.t.Helper()
	tester := w.tester(address)
	return tester.Link()
}

func (w *world) view(fn func(beta.Reader) error) {
	w.t.Helper()
	w.ok(w.store.View(w.ctx, fn))
}

// listed returns every tester as listed, and who may be reminded.
func (w *world) listed() (addresses []string, mayRemind map[string]bool) {
	w.t.Helper()
	mayRemind = map[string]bool{}
	page := beta.Page{Limit: 3} // small, so that every list of note has several
	for page.Limit > 0 {
		list, err := w.ListTesters(w.ctx, owner, skill, page, beta.Listing{}, func(t beta.Tester, may bool) error {
			addresses = append(addresses, t.Email.Given)
			mayRemind[t.Email.Given] = may
			return nil
		})
		w.ok(err)
		page = list.Next
	}
	return addresses, mayRemind
}

func (w *world) entitled(address string) bool {
	w.t.Helper()
	entitled, err := w.Entitled(w.ctx, owner, skill, email(address))
	w.ok(err)
	return entitled
}

func email(address string) beta.Email {
	e, err := beta.ParseEmail(address)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", address, err))
	}
	return e
}

func emails(addresses ...string) []beta.Email {
	list := make([]beta.Email, len(addresses))
	for i, a := range addresses {
		list[i] = email(a)
	}
	return list
}

// numbered returns n addresses whose order is that of their numbers.
func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("t%05d@example.com", i)
	}
	return list
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

const day = 24 * time.Hour
