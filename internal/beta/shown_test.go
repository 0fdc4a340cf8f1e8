package beta_test

import (
	"fmt"
	"strings"
	"time"

	"tryout/internal/beta"
)

// shown is everything that can be seen of a play.
type shown struct {
	Status        beta.Status
	Counted       int // testers, by the test
	Listed        int // testers, by the list
	State         beta.TesterState
	MayRemind     bool
	Entitled      bool
	Number        int64
	Undeliverable bool
	Unsettled     beta.MailKinds
	Mails         string // a line each
}

// shows says what must be seen now.
func (t *truth) shows(now time.Time) shown {
	s := shown{Status: beta.Running, Mails: t.lines()}
	if t.over {
		s.Status = beta.Ended
	}
	if p := t.there; p.number != 0 {
		s.Counted, s.Listed = 1, 1
		s.State, s.Number, s.Undeliverable = p.state, p.number, p.refusesItsAddress
		s.MayRemind = !t.over && t.whyNot(beta.ReminderMail, p.notified, now) == ""
		s.Entitled = !t.over && p.state == beta.Accepted
		s.Unsettled = t.unsettled(p.number)
	}
	return s
}

func (t *truth) lines() string {
	var lines []string
	for _, m := range t.mails {
		lines = append(lines, mailLine(m.id.Tester, m.kind, m.state, m.unknowns))
	}
	return strings.Join(sorted(lines), "\n")
}

// shown looks at everything there is to see.
func (p *play) shown() (s shown) {
	test, status, err := p.BetaTest(p.ctx, owner, p.skill)
	p.ok(err)
	s.Status, s.Counted = status, test.Testers
	p.ok(second(p.ListTesters(p.ctx, owner, p.skill, beta.Page{Limit: 2}, beta.Listing{}, func(t beta.Tester, may bool) error {
		s.Listed++
		s.State, s.MayRemind = t.State, may
		return nil
	})))
	s.Entitled, err = p.Entitled(p.ctx, owner, p.skill, email(a))
	p.ok(err)
	var lines []string
	p.view(func(r beta.Reader) error {
		t, _, err := r.Tester(p.test, email(a).Key)
		s.Number, s.Undeliverable, s.Unsettled = t.Number, t.Blocked == beta.BecauseUndeliverable, t.Unsettled
		if lines = nil; err == nil {
			lines, err = p.mailLines(r)
		}
		return err
	})
	s.Mails = strings.Join(sorted(lines), "\n")
	return s
}

func (p *play) mailLines(r beta.Reader) (lines []string, err error) {
	for _, l := range p.links {
		mails, err := r.TesterMails(p.test, l.Tester)
		if err != nil {
			return nil, err
		}
		for _, m := range mails {
			lines = append(lines, mailLine(l.Tester, m.Kind, m.State, m.Unknowns))
		}
	}
	return lines, nil
}

func mailLine(number int64, kind beta.MailKind, state beta.MailState, unknowns int) string {
	return fmt.Sprintf("to %d: %s %s, %d replies lost", number, kind, state, unknowns)
}
