package beta_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
)

// play is one running test that one address is added to, removed from and
// mailed about, by callers and workers in some order or at once.
type play struct {
	*world
	skill beta.SkillID
	test  beta.TestID
	count *atomic.Int64 // of the beginnings and ends of events

	mu      sync.Mutex
	links   []beta.Link // of those who were in the test, in order
	batches []beta.Batch
	log     []event

	truth    truth
	followed int // events that the truth was told of
}

// event is a call or a step of a delivery, and what came of it.
type event struct {
	lane       string // whose it is: the events of a lane follow each other
	do, got    string
	number     int64           // whose link was used, or the number that an add gave
	mail       beta.Mail       // of a delivery
	claim      string          // under which it was done
	settlement beta.Settlement // asked for
	at         time.Time
	begun      int64 // before it could have an effect
	asked      int64 // of a message taken: when the question began whether it is wanted
	done       int64 // when it was answered
}

func (e event) String() string {
	subject := ""
	if e.mail.Kind != "" {
		subject = fmt.Sprintf(" %s %d.%d as %s%s", e.mail.Kind, e.mail.ID.Tester, e.mail.ID.Seq, e.claim, e.settlement.State)
	}
	return fmt.Sprintf("%3d-%d %s: %s%s: %s", e.begun, e.done, e.lane, e.do, subject, e.got)
}

// event does something, and records it with what came of it.
func (p *play) event(e event, do func(*event)) event {
	e.at, e.begun = p.clock.Now(), p.count.Add(1)
	do(&e)
	e.done = p.count.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, e)
	return e
}

// call makes a call about the address; "accept" and "decline" use the first
// link that was mailed, "accept newest" the last.
func (p *play) call(lane, name string) {
	do, newest := strings.CutSuffix(name, " newest")
	p.event(event{lane: lane, do: do}, func(e *event) {
		switch do {
		case "accept", "decline":
			link := p.link(newest)
			e.number, e.got = link.Tester, word(p.use(do, link))
		default:
			b, err := p.calls()[do]()
			p.tell(e, b, err)
		}
	})
}

func (p *play) calls() map[string]func() (beta.Batch, error) {
	who := emails(a)
	return map[string]func() (beta.Batch, error){
		"add":      func() (beta.Batch, error) { return p.AddTesters(p.ctx, owner, p.skill, who) },
		"remove":   func() (beta.Batch, error) { return p.RemoveTesters(p.ctx, owner, p.skill, who) },
		"remind":   func() (beta.Batch, error) { return p.SendReminder(p.ctx, owner, p.skill, who) },
		"feedback": func() (beta.Batch, error) { return p.RequestFeedback(p.ctx, owner, p.skill, who) },
		"end":      func() (beta.Batch, error) { return p.EndTest(p.ctx, owner, p.skill) },
	}
}

func (p *play) link(newest bool) beta.Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if newest {
		return p.links[len(p.links)-1]
	}
	return p.links[0]
}

func (p *play) use(do string, l beta.Link) error {
	if do == "accept" {
		return second(p.Accept(p.ctx, l, ""))
	}
	return second(p.Decline(p.ctx, l, ""))
}

// tell puts into e what a call's batch says.
func (p *play) tell(e *event, b beta.Batch, err error) {
	if e.got = word(err); err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches = append(p.batches, b)
	e.got = ""
	for _, line := range b.Entries { // one, or none for the end of a test that is empty
		e.got, e.number = entryWord(line), line.Tester
		if line.Result == beta.Added {
			p.links = append(p.links, beta.Link{Test: b.Test, Tester: line.Tester, Added: b.At.UnixMilli()})
		}
	}
}

// entryWord is an entry in words; a stranger's number says nothing.
func entryWord(r beta.Entry) string {
	if r.Reason == beta.BecauseNotThere {
		return fmt.Sprintf("%s %s", r.Result, r.Reason)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", r.Result, r.Tester, r.Reason))
}

// word is what a caller is told of an error.
func word(err error) string {
	switch failureOf(err) {
	case fine:
		return "fine"
	case isConflict:
		return "conflict"
	case isNotFound:
		return "not found"
	}
	return err.Error()
}

// story tells what happened, a line each.
func (p *play) story() string {
	var s strings.Builder
	for _, e := range p.log {
		fmt.Fprintf(&s, "\n%s", e)
	}
	return s.String()
}
