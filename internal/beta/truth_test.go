package beta_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tryout/internal/beta"
)

// truth is what must be so in a test that one address is invited to, after the
// events that it was told of in order; written from the contract, in the
// simplest way.
type truth struct {
	over    bool
	there   place            // the address's; its number is zero while it is not in the test
	last    int64            // the highest number that a tester was given
	refused beta.TesterState // how the address last said no; empty when it came back
	mails   []item
}

// place is what one tester has in the test.
type place struct {
	number            int64
	state             beta.TesterState
	notified, asked   time.Time // when an invitation or reminder, a feedback request was last queued
	refusesItsAddress bool
}

// item is a mail.
type item struct {
	id       beta.MailID
	kind     beta.MailKind
	state    beta.MailState
	claim    string
	due      time.Time
	unknowns int
}

// expect takes in what happened and returns what must have come of it.
func (t *truth) expect(e event) string {
	switch e.do {
	case "accept", "decline":
		return t.answer(e)
	case "claim", "letter", "settle":
		return t.deliver(e)
	case "take":
		return e.got // the relay's own business
	}
	if t.over {
		return "conflict"
	}
	return t.call(e)
}

func (t *truth) answer(e event) string {
	switch {
	case t.there.number != e.number:
		return "not found"
	case t.over:
		return "conflict"
	case e.do == "accept":
		t.there.state, t.refused = beta.Accepted, ""
		return "fine"
	case t.there.state == beta.Accepted || t.there.state == beta.Left:
		t.there.state = beta.Left
	default:
		t.there.state = beta.Declined
	}
	t.refused = t.there.state
	return "fine"
}

func (t *truth) call(e event) string {
	n := t.there.number
	switch e.do {
	case "add":
		return t.add(e)
	case "end":
		t.over = true
		if n == 0 {
			return ""
		}
		return t.mailOr(beta.EndedMail, t.there.refusal(), e.at)
	case "remove":
		if n == 0 {
			return "NOT_THERE NOT_THERE"
		}
		t.mailOr(beta.RemovedMail, t.there.refusal(), e.at)
		t.there = place{}
		return fmt.Sprintf("REMOVED %d", n)
	}
	if n == 0 {
		return "SKIPPED NOT_THERE"
	}
	if e.do == "remind" {
		return t.mailOr(beta.ReminderMail, t.whyNot(beta.ReminderMail, t.there.notified, e.at), e.at)
	}
	return t.mailOr(beta.FeedbackMail, t.whyNot(beta.FeedbackMail, t.there.asked, e.at), e.at)
}

func (t *truth) add(e event) string {
	if n := t.there.number; n != 0 {
		return fmt.Sprintf("ALREADY_THERE %d", n)
	}
	if e.number <= t.last {
		return fmt.Sprintf("a number above %d", t.last)
	}
	t.last = e.number
	t.there = place{number: e.number, state: beta.Invited}
	if t.refused != "" {
		t.there.state = t.refused
	}
	reason := t.there.refusal()
	t.mailOr(beta.InvitationMail, reason, e.at)
	return strings.TrimSpace(fmt.Sprintf("ADDED %d %s", e.number, reason))
}

// mailOr queues a mail to the tester who is there, unless there is a reason not to.
func (t *truth) mailOr(kind beta.MailKind, reason beta.Reason, now time.Time) string {
	p := &t.there
	if reason != "" {
		return fmt.Sprintf("SKIPPED %d %s", p.number, reason)
	}
	switch kind {
	case beta.InvitationMail, beta.ReminderMail:
		p.notified = now
	case beta.FeedbackMail:
		p.asked = now
	}
	id := beta.MailID{Tester: p.number, Seq: 1 + len(t.mailsTo(p.number))}
	t.mails = append(t.mails, item{id: id, kind: kind, state: beta.MailQueued, due: now})
	return fmt.Sprintf("MAILED %d", p.number)
}

// refusal says why the tester may not be mailed.
func (p place) refusal() beta.Reason {
	switch {
	case p.state == beta.Declined:
		return beta.BecauseDeclined
	case p.state == beta.Left:
		return beta.BecauseLeft
	case p.refusesItsAddress:
		return beta.BecauseUndeliverable
	}
	return ""
}

// whyNot says why a tester who was last mailed so at last may not be now.
func (t *truth) whyNot(kind beta.MailKind, last, now time.Time) beta.Reason {
	switch reason := t.there.refusal(); {
	case reason != "":
		return reason
	case t.unsettled(t.there.number)&kind.Bit() != 0:
		return beta.BecauseUnsettled
	case now.Before(last.Add(day)):
		return beta.BecauseCoolDown
	}
	return ""
}

// unsettled returns the kinds of mail that are still on their way to a tester.
func (t *truth) unsettled(number int64) (kinds beta.MailKinds) {
	for _, m := range t.mailsTo(number) {
		if onItsWay(m.state) {
			kinds |= m.kind.Bit()
		}
	}
	return kinds
}

func (t *truth) mailsTo(number int64) (list []item) {
	for _, m := range t.mails {
		if m.id.Tester == number {
			list = append(list, m)
		}
	}
	return list
}

func onItsWay(s beta.MailState) bool {
	return slices.Contains([]beta.MailState{beta.MailQueued, beta.MailSending, beta.MailDeferred}, s)
}

func (t truth) clone() truth {
	t.mails = slices.Clone(t.mails)
	return t
}
