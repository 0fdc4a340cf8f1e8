package beta_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// parts are what actors do who act at once; a play has three or four of them.
var parts = [][]string{
	{"accept"}, {"accept newest"}, {"decline"}, {"accept", "decline"}, {"remove"}, {"remove", "add"}, {"add"},
	{"remove", "add", "accept newest"}, {"remind"}, {"remind", "remind"}, {"feedback"}, {"end"},
}

// Here calls and deliveries really are at once. In which order they took effect
// is not known, but there must be one, among those that the beginnings and ends
// of events allow, that explains every answer and all that is seen in the end.
func TestWhateverHappensAtOnceHappensInSomeOrder(t *testing.T) {
	t.Parallel()
	n := 10_000
	if raced {
		n = 500
	}
	const crowd = 125 // up to four calls each: more would be turned away
	seed := rand.Uint64()
	t.Cleanup(func() { t.Logf("%d plays of seed %d", n, seed) })
	for half := range uint64(2) {
		t.Run(fmt.Sprint("half ", half), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for round := range uint64(n / 2 / crowd) {
				s := &stage{plays: w.plays(crowd), draw: rand.New(rand.NewPCG(seed, half<<32|round)), over: make(chan struct{})}
				if s.perform(); t.Failed() {
					t.Fatalf("half %d, round %d of seed %d", half, round, seed)
				}
			}
		})
	}
}

// stage is where many plays are performed at once, with one crew of workers.
type stage struct {
	plays []*play
	draw  *rand.Rand
	over  chan struct{} // closed when no more calls are made
}

func (s *stage) perform() {
	early := s.plays[:len(s.plays)/2]
	atOnce(early, func(p *play) { p.call("before", "add") })
	s.deliverAll()
	s.plays[0].clock.Advance(day)
	atOnce(s.plays[len(early):], func(p *play) { p.call("before", "add") })
	s.callAndDeliver()
	s.plays[0].clock.Advance(day)
	atOnce(s.plays, func(p *play) { p.remindAsListed() })
	s.deliverAll()
	atOnce(s.plays, func(p *play) {
		if !p.t.Failed() { // one story is enough
			p.wantExplained()
			p.wantPromisesKept()
		}
	})
}

// callAndDeliver lets go of all actors and four workers at the same moment.
func (s *stage) callAndDeliver() {
	start := make(chan struct{})
	var actors, workers sync.WaitGroup
	for _, p := range s.plays {
		for i, part := range s.draw.Perm(len(parts))[:3+s.draw.IntN(2)] {
			lane := fmt.Sprint("actor ", i)
			actors.Go(func() {
				<-start
				for _, step := range parts[part] {
					p.call(lane, step)
				}
			})
		}
	}
	for i := range 4 {
		draw := rand.New(rand.NewPCG(s.draw.Uint64(), 0))
		workers.Go(func() {
			<-start
			s.work(fmt.Sprint("worker ", i), draw)
		})
	}
	close(start)
	actors.Wait()
	close(s.over)
	workers.Wait()
}

// work claims and delivers until the calls are over and nothing is due.
func (s *stage) work(name string, draw *rand.Rand) {
	for n, over := 0, false; ; n++ {
		attempts := s.claim(fmt.Sprint(name, ".", n), 3)
		for _, w := range attempts {
			w.suffer(draw)
		}
		if len(attempts) > 0 {
			continue
		}
		if over {
			return
		}
		select {
		case <-s.over:
			over = true
		case <-s.plays[0].bell:
		}
	}
}

func (s *stage) claim(claim string, limit int) (attempts []*attempt) {
	mails, begun := s.plays[0].due(claim, limit)
	for _, m := range mails {
		i := slices.IndexFunc(s.plays, func(p *play) bool { return p.test == m.ID.Test })
		attempts = append(attempts, s.plays[i].attempt(claim, m, begun))
	}
	return attempts
}

// deliverAll has the relay take everything that is still wanted.
func (s *stage) deliverAll() {
	p := s.plays[0]
	for n := range 1000 {
		atOnce(s.claim(fmt.Sprint("last.", n), 100), func(w *attempt) {
			w.do("letter")
			w.do("sent")
		})
		due, err := p.store.NextMail(p.ctx)
		p.ok(err)
		if due.IsZero() {
			return
		}
		p.clock.Advance(max(0, due.Sub(p.clock.Now())))
	}
	p.t.Errorf("mail is left after 1000 claims")
}
