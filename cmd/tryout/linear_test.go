package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"tryout/internal/beta"
)

// standing is what the register of one address in one test holds.
type standing int

const (
	absent standing = iota
	invited
	accepted
)

// act is one call about one address; a call that names several is an act each.
type act struct{ verb, address string }

// register is what a test promises of each address, whichever replica is asked:
// an entitlement check shows what the last call before it left.
var register = porcupine.Model{
	Init: func() any { return absent },
	Step: func(state, input, output any) (bool, any) {
		is := state.(standing)
		switch input.(act).verb {
		case "add":
			return true, max(is, invited)
		case "remove":
			return true, absent
		case "accept":
			if output == false { // the link was one of before a removal
				return true, is
			}
			return is != absent, accepted
		case "list":
			return output == is, is
		}
		return output == (is == accepted), is
	},
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		places := map[string]int{}
		for _, o := range history {
			address := o.Input.(act).address
			if _, known := places[address]; !known {
				places[address] = len(parts)
				parts = append(parts, nil)
			}
			parts[places[address]] = append(parts[places[address]], o)
		}
		return parts
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, " ", output) },
}

// stage is a history in the making: clients at both replicas, a test, and a few
// addresses that all of them write to.
type stage struct {
	twins     [2]*twin
	skill     string
	addresses []string
	check     func(client int, address string) bool // asks whether an address is entitled
	begun     time.Time

	mu      sync.Mutex
	history []porcupine.Operation
}

const (
	actors   = 6
	eachActs = 20
)

func newStage(t *testing.T, twins [2]*twin, number int) *stage {
	t.Helper()
	s := &stage{twins: twins, skill: fmt.Sprintf("skill-%d", number), begun: time.Now(), addresses: []string{"a@x.test", "b@x.test", "c@x.test"}}
	if err := twins[0].service.CreateSkill(t.Context(), beta.Skill{ID: beta.SkillID(s.skill), Vendor: "V1", Name: "Skill"}); err != nil {
		t.Fatal(err)
	}
	twins[0].must(201, "POST", s.tests(), "{}")
	twins[1].must(202, "POST", s.tests()+"/start", "")
	s.check = s.entitled
	return s
}

func (s *stage) tests() string { return "/v1/skills/" + s.skill + "/betaTest" }

// play has all clients act and returns whether there is an order that explains
// what each was told.
func (s *stage) play(seed uint64) porcupine.CheckResult {
	var playing sync.WaitGroup
	for client := range actors {
		random := rand.New(rand.NewPCG(seed, uint64(client)))
		playing.Go(func() {
			for range eachActs {
				s.act(client, random)
			}
		})
	}
	playing.Wait()
	return porcupine.CheckOperationsTimeout(register, s.history, time.Minute)
}

func (s *stage) act(client int, random *rand.Rand) {
	some := s.addresses[random.IntN(3):][:1]
	called := time.Since(s.begun)
	switch n := random.IntN(12); {
	case n < 2:
		if random.IntN(2) == 0 {
			some = s.addresses[:2]
		}
		s.change(client, "add", some)
		s.note(client, called, "add", some, nil)
	case n < 4:
		s.change(client, "remove", some)
		s.note(client, called, "remove", some, nil)
	case n < 7:
		s.note(client, called, "accept", some, s.accept(client, some[0]))
	case n < 8:
		s.note(client, called, "list", some, s.list(client, some[0]))
	default:
		s.note(client, called, "entitled", some, s.check(client, some[0]))
	}
}

// note records what a client was told of a call that began then and has just ended.
func (s *stage) note(client int, called time.Duration, verb string, addresses []string, told any) {
	returned := time.Since(s.begun)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range addresses {
		s.history = append(s.history, porcupine.Operation{
			ClientId: client, Input: act{verb, a}, Output: told, Call: int64(called), Return: int64(returned),
		})
	}
}

func (s *stage) at(client int) *twin { return s.twins[client%2] }

func (s *stage) change(client int, verb string, addresses []string) {
	s.at(client).want(204, "POST", s.tests()+"/testers/"+verb, `{"testers":[{"emailId":"`+strings.Join(addresses, `"},{"emailId":"`)+`"}]}`)
}

func (s *stage) entitled(client int, address string) bool {
	return s.at(client).want(200, "GET", "/x/v1/skills/"+s.skill+"/entitlements/"+address, "") == `{"entitled":true}`
}

func (s *stage) list(client int, address string) standing {
	page := s.at(client).want(200, "GET", s.tests()+"/testers?maxResults=9", "")
	_, after, there := strings.Cut(page, `"`+address+`"`)
	line, _, _ := strings.Cut(after, "}")
	switch {
	case !there:
		return absent
	case strings.Contains(line, `"ACCEPTED"`):
		return accepted
	}
	return invited
}

// accept presses the button of whoever has an invitation now.
func (s *stage) accept(client int, address string) bool {
	link := s.at(client).linkOf(beta.SkillID(s.skill), address)
	if link == "" {
		return false
	}
	status, _ := s.at(client).ask("POST", link+"/accept", "")
	return status == 303
}

// histories is how many are played; make soak sets it.
func histories(t *testing.T) int {
	if text := os.Getenv("LINEAR_HISTORIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return map[bool]int{false: 50, true: 5}[underRace]
}

func TestAddRemoveAndTheEntitlementCheckAreLinearizableOverReplicas(t *testing.T) {
	t.Parallel()
	twins, first := newTwins(t), rand.Uint64N(1<<32)
	n, calls := histories(t), 0
	for number := range n {
		s := newStage(t, twins, number)
		if result := s.play(first + uint64(number)); result != porcupine.Ok {
			t.Fatalf("history %d, seed %d: %s:\n%v", number, first+uint64(number), result, s.history)
		}
		calls += len(s.history)
	}
	t.Logf("%d histories, %d calls at two replicas: all linearizable; seeds from %d", n, calls, first)
}

// The control: one replica remembers what it last answered.
func TestAStaleReadIsNotLinearizable(t *testing.T) {
	t.Parallel()
	twins := newTwins(t)
	const most = 50 // of which two in three tell
	for number := range most {
		s := newStage(t, twins, number)
		memory := stale{last: map[string]bool{}, ask: s.entitled, random: rand.New(rand.NewPCG(7, uint64(number)))}
		s.check = memory.entitled
		if s.play(uint64(number)) == porcupine.Illegal {
			t.Logf("caught in history %d", number+1)
			return
		}
	}
	t.Errorf("%d histories with stale reads pass for linearizable", most)
}

// stale remembers, for the clients of the second replica, what it answered last,
// and asks anew only every fourth time.
type stale struct {
	ask func(client int, address string) bool

	mu     sync.Mutex
	last   map[string]bool
	random *rand.Rand
}

func (s *stale) entitled(client int, address string) bool {
	if client%2 == 0 {
		return s.ask(client, address)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, known := s.last[address]; known && s.random.IntN(4) > 0 {
		return last
	}
	s.last[address] = s.ask(client, address)
	return s.last[address]
}
