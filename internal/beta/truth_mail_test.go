package beta_test

import (
	"fmt"
	"slices"
	"time"

	"tryout/internal/beta"
)

// deliver takes in a step of a delivery.
func (t *truth) deliver(e event) string {
	if e.mail.Kind == "" {
		return t.claimNothing(e.at)
	}
	m := t.find(e.mail)
	switch {
	case m == nil:
		return "no such mail"
	case e.do == "letter":
		return t.letter(*m)
	case e.do == "claim" && !m.claimable(e.at):
		return "not to be claimed"
	case e.do == "claim":
		if m.state == beta.MailSending { // whoever had it may have got through
			m.unknowns++
		}
		m.state, m.claim, m.due = beta.MailSending, e.claim, e.mail.DueAt
	case m.state == beta.MailSending && m.claim == e.claim: // else somebody else's by now
		t.settle(m, e.settlement)
	}
	return e.got
}

func (t *truth) claimNothing(now time.Time) string {
	for _, m := range t.mails {
		if m.claimable(now) {
			return fmt.Sprintf("%s %d.%d", m.kind, m.id.Tester, m.id.Seq)
		}
	}
	return "nothing"
}

func (t *truth) find(mail beta.Mail) *item {
	i := slices.IndexFunc(t.mails, func(m item) bool {
		return m.id.Tester == mail.ID.Tester && m.id.Seq == mail.ID.Seq && m.kind == mail.Kind
	})
	if i < 0 {
		return nil
	}
	return &t.mails[i]
}

func (m item) claimable(now time.Time) bool { return onItsWay(m.state) && !now.Before(m.due) }

func (t *truth) settle(m *item, s beta.Settlement) {
	m.state, m.due, m.unknowns = s.State, s.DueAt, s.Unknowns
	if s.Undeliverable && t.there.number == m.id.Tester {
		t.there.refusesItsAddress = true
	}
}

// letter says whether a mail is still wanted.
func (t *truth) letter(m item) string {
	there := t.there.number == m.id.Tester && t.there.refusal() == ""
	switch m.kind {
	case beta.RemovedMail:
		if t.there.number != 0 {
			return "not wanted"
		}
		return t.ifTold(m.id)
	case beta.EndedMail:
		if !there {
			return "not wanted"
		}
		return t.ifTold(m.id)
	}
	if there && !t.over {
		return "wanted"
	}
	return "not wanted"
}

// ifTold is for mails about an end, wanted by those who heard of a beginning.
func (t *truth) ifTold(notice beta.MailID) string {
	answer := "not wanted"
	for _, m := range t.mailsTo(notice.Tester) {
		switch {
		case m.id == notice:
		case m.state == beta.MailSent || m.state == beta.MailUnknown || m.unknowns > 0:
			return "wanted"
		case m.kind == beta.InvitationMail && m.state == beta.MailSending:
			answer = "not yet"
		}
	}
	return answer
}
