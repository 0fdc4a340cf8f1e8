package crash_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// The skills of a site: the tests of the first two run, so that whoever is added
// is invited; those of the others are drafts.
var skills = []string{"running-0", "running-1", "draft-0", "draft-1"}

const (
	running   = 2
	testerCap = 1_000_000
)

// client makes one call after the other until the server is dead, and keeps a
// journal. It writes to addresses that nobody else writes to.
type client struct {
	number  int
	rng     *rand.Rand
	relay   *relay
	http    http.Client
	journal journal
	past    past       // what the journal amounts to
	named   [][]string // by skill: every address it ever added
	next    []string   // by skill: the token of the page it will list next
	serial  int
	begun   time.Time // its latest call
	told    *told     // what it was told while the database was away; nil where it never is
}

func newClient(number int, rng *rand.Rand, r *relay) *client {
	c := &client{
		number: number, rng: rng, relay: r, past: newPast(),
		named: make([][]string, len(skills)), next: make([]string, len(skills)),
	}
	c.http.Timeout = patience
	c.http.Transport = &http.Transport{}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// run returns once a call was not answered, or it is over.
func (c *client) run(l *life, over <-chan struct{}) {
	for alive := true; alive; {
		select {
		case <-over:
			alive = false
		default:
			alive = c.act(l)
		}
	}
	c.http.CloseIdleConnections()
}

// resume goes on from a journal in which everything is settled.
func (c *client) resume(j journal) { c.journal, c.past = j, pastOf(j) }

func (c *client) act(l *life) (alive bool) {
	skill := c.skill()
	switch c.rng.IntN(10) {
	case 0, 1, 2:
		return c.change(l, deed{verb: add, skill: skill, addresses: c.newcomers(skill)})
	case 3, 4:
		return c.change(l, deed{verb: remove, skill: skill, addresses: c.some(skill, c.size())})
	case 5, 6, 7:
		return c.accept(l, c.rng.IntN(running))
	}
	return c.list(l, skill)
}

// skill prefers the drafts: every tester of a running test takes a mail, and
// there is nothing to accept until it came.
func (c *client) skill() int {
	if c.rng.IntN(4) == 0 {
		return c.rng.IntN(running)
	}
	return running + c.rng.IntN(len(skills)-running)
}

// size is 1 to 500: most batches are small, every sixth is of any size.
func (c *client) size() int {
	if c.rng.IntN(6) == 0 {
		return 1 + c.rng.IntN(500)
	}
	return int(math.Pow(50, c.rng.Float64()))
}

// newcomers are new addresses, and now and then some old ones: removed since, or
// there already.
func (c *client) newcomers(skill int) []string {
	var list []string
	if c.rng.IntN(3) == 0 {
		list = c.some(skill, 1+c.rng.IntN(10))
	}
	for range c.size() - len(list) {
		c.serial++
		address := fmt.Sprintf("c%d-%06d@crash.test", c.number, c.serial)
		c.named[skill] = append(c.named[skill], address)
		list = append(list, address)
	}
	return list
}

// some are addresses that the client added once; they may be there or not.
func (c *client) some(skill, n int) []string {
	all := c.named[skill]
	if len(all) == 0 {
		return nil
	}
	from := c.rng.IntN(len(all))
	return append([]string{}, all[from:min(from+n, len(all))]...)
}
