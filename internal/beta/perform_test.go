package beta_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

// perform plays a scene in one order, and holds what is seen after each step
// against the truth.
func (p *play) perform(s scene, order []int) {
	before := &actor{play: p, lane: "before"}
	for _, step := range s.before {
		before.step(step)
	}
	actors := make([]*actor, len(s.actors))
	for i := range actors {
		actors[i] = &actor{play: p, lane: "actor " + strconv.Itoa(i)}
	}
	taken := make([]int, len(actors))
	for _, i := range order {
		actors[i].step(s.actors[i][taken[i]])
		taken[i]++
		p.follow()
	}
	p.clock.Advance(day)
	p.remindAsListed()
	p.deliverAll()
	p.follow()
	p.wantPromisesKept()
	p.follow()
}

// remindAsListed sends a reminder, which must do what the list said that it
// would.
func (p *play) remindAsListed() {
	may := p.shown().MayRemind
	p.call("a day later", "remind")
	if got := p.log[len(p.log)-1].got; strings.HasPrefix(got, "MAILED") != may {
		p.t.Errorf("isReminderAllowed %v, and then %s:%s", may, got, p.story())
	}
}

// actor takes the steps of one lane.
type actor struct {
	*play
	lane  string
	mails []*attempt
}

func (a *actor) step(name string) {
	switch name {
	case "day":
		a.clock.Advance(day)
	case "claim lapsed":
		a.clock.Advance(lease)
		fallthrough
	case "claim":
		a.mails = a.claimMail(a.lane, 1)
	case "letter", "take", "sent", "refused", "lost", "later":
		for _, m := range a.mails {
			m.do(name)
		}
	default:
		a.call(a.lane, name)
	}
}

// follow tells the truth what happened since, and compares.
func (p *play) follow() {
	for ; p.followed < len(p.log); p.followed++ {
		e := p.log[p.followed]
		if want := p.truth.expect(e); want != e.got {
			p.t.Errorf("%s: want %q", e, want)
		}
	}
	if diff := cmp.Diff(p.truth.shows(p.clock.Now()), p.shown()); diff != "" {
		p.t.Errorf("seen (-want +got):\n%s", diff)
	}
}

// plays makes n plays, each a running test of its own.
func (w *world) plays(n int) []*play {
	w.t.Helper()
	plays, count, now := make([]*play, n), new(atomic.Int64), w.clock.Now()
	for i := range plays {
		plays[i] = &play{world: w, count: count, test: beta.TestID(now.UnixMilli()<<21 + int64(i))} // as [beta.NewTestID], but never twice
		plays[i].skill = beta.SkillID("play " + plays[i].test.String())
	}
	w.ok(w.store.Update(w.ctx, func(tx beta.Tx) error {
		for _, p := range plays {
			if err := p.begin(tx, now); err != nil {
				return err
			}
		}
		return nil
	}))
	return plays
}

func (p *play) begin(tx beta.Tx, now time.Time) error {
	test := beta.Test{ID: p.test, Skill: p.skill, Round: 1, Stored: beta.InDraft, CreatedAt: now}
	_, err := tx.CreateSkill(beta.Skill{ID: p.skill, Vendor: "V1", Name: "Quiz"})
	if err == nil {
		err = tx.CreateTest(test)
	}
	test.Stored, test.ExpiresAt = beta.Running, now.Add(100*365*day) // plays pass days
	return errors.Join(err, tx.SaveTest(test))
}

// atOnce does the same with all, and waits for the last.
func atOnce[T any](all []T, do func(T)) {
	var busy sync.WaitGroup
	for _, one := range all {
		busy.Go(func() { do(one) })
	}
	busy.Wait()
}
