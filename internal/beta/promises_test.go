package beta_test

import (
	"slices"
	"strings"

	"tryout/internal/beta"
)

// wantPromisesKept holds what happened against what is promised to people,
// whatever the order; the mail is all settled by now.
func (p *play) wantPromisesKept() {
	p.t.Helper()
	p.wantNumbersGivenOnce()
	p.wantNothingTakenAfter("remove", "REMOVED")
	p.wantNothingTakenAfter("end", "MAILED")
	p.wantNoticesToThoseWhoWereMailed()
	p.wantCoolDowns()
	p.wantBatchesRecorded()
	seen := p.shown()
	if s := seen; s.Unsettled != 0 || strings.Contains(s.Mails, "queued") || strings.Contains(s.Mails, "sending") || strings.Contains(s.Mails, "deferred") {
		p.t.Errorf("mail is unsettled (%b):\n%s", s.Unsettled, s.Mails)
	}
	p.wantDeadLinks(seen)
}

// events returns those of one kind whose answer begins with got.
func (p *play) events(do, got string) (list []event) {
	for _, e := range p.log {
		if e.do == do && strings.HasPrefix(e.got, got) {
			list = append(list, e)
		}
	}
	return list
}

func (p *play) wantNumbersGivenOnce() {
	given := map[int64]bool{}
	for _, e := range p.events("add", "ADDED") {
		if given[e.number] {
			p.t.Errorf("%s: the number was given before", e)
		}
		given[e.number] = true
	}
}

// wantDeadLinks uses the links of all who were removed: they lead nowhere, and
// nothing of what is seen is another afterwards.
func (p *play) wantDeadLinks(seen shown) {
	removals := p.events("remove", "REMOVED")
	for _, e := range removals {
		if seen.Number == e.number {
			p.t.Errorf("%s: and is in the test", e)
		}
		for _, l := range p.links {
			if l.Tester == e.number {
				p.wantDead(l)
			}
		}
	}
	if len(removals) == 0 {
		return
	}
	if after := p.shown(); after != seen {
		p.t.Errorf("dead links changed something: got %+v, before it was %+v", after, seen)
	}
}

func (p *play) wantDead(l beta.Link) {
	_, err := p.Invitation(p.ctx, l)
	wantFailure(p.t, "the link of who was removed", err, isNotFound)
	wantFailure(p.t, "accept by it", p.use("accept", l), isNotFound)
	wantFailure(p.t, "decline by it", p.use("decline", l), isNotFound)
}

// wantNothingTakenAfter checks that no mail went out whose check began after
// the answer to such a call, but the one that tells of it.
func (p *play) wantNothingTakenAfter(call, answer string) {
	for _, over := range p.events(call, answer) {
		for _, m := range p.events("take", "") {
			notice := m.mail.Kind == beta.RemovedMail || m.mail.Kind == beta.EndedMail
			if m.mail.ID.Tester == over.number && !notice && m.asked > over.done {
				p.t.Errorf("%s: although %s", m, over)
			}
		}
	}
}

// wantNoticesToThoseWhoWereMailed checks that nobody was told of the end of
// what they had never heard of, as far as that can be known: of a claim that
// lapsed nobody knows what its worker did.
func (p *play) wantNoticesToThoseWhoWereMailed() {
	taken := p.events("take", "")
	for _, notice := range taken {
		heard := notice.mail.Kind != beta.RemovedMail && notice.mail.Kind != beta.EndedMail
		for _, m := range taken {
			heard = heard || m.mail.ID.Tester == notice.mail.ID.Tester && m.mail.ID != notice.mail.ID && m.begun < notice.done
		}
		if !heard && !p.lapsedBefore(notice) {
			p.t.Errorf("%s: to somebody who was never mailed", notice)
		}
	}
}

// lapsedBefore reports whether another mail to the same tester was claimed once
// more before a notice was taken, with its earlier claim not settled.
func (p *play) lapsedBefore(notice event) bool {
	settles := p.events("settle", "")
	for _, c := range p.events("claim", "claimed") {
		if c.mail.ID.Tester != notice.mail.ID.Tester || c.mail.ID == notice.mail.ID {
			continue
		}
		for _, again := range p.events("claim", "claimed") {
			late := func(s event) bool { return s.lane == c.lane && s.done < again.begun }
			if again.mail.ID == c.mail.ID && again.claim != c.claim && again.begun > c.begun && again.begun < notice.done && !slices.ContainsFunc(settles, late) {
				return true
			}
		}
	}
	return false
}

// wantCoolDowns checks that no two reminders, nor an invitation and a reminder,
// nor two feedback requests to one tester were caused within a day.
func (p *play) wantCoolDowns() {
	claims := p.events("claim", "claimed")
	for i, one := range claims {
		for _, other := range claims[:i] {
			apart := one.mail.QueuedAt.Sub(other.mail.QueuedAt).Abs()
			if one.mail.ID != other.mail.ID && one.mail.ID.Tester == other.mail.ID.Tester && alike(one.mail.Kind, other.mail.Kind) && apart < day {
				p.t.Errorf("%s: %s apart from %s", one, apart, other)
			}
		}
	}
}

func alike(a, b beta.MailKind) bool {
	reminds := func(k beta.MailKind) bool { return k == beta.InvitationMail || k == beta.ReminderMail }
	return a == b || reminds(a) && reminds(b)
}

// wantBatchesRecorded checks that what the calls answered is what stays on
// record, and that each tells of this address alone.
func (p *play) wantBatchesRecorded() {
	p.view(func(r beta.Reader) error {
		var numbers []int64
		for _, b := range p.batches {
			stored, _, err := r.Batch(b.ID)
			if err != nil {
				return err
			}
			if !slices.Equal(stored.Entries, b.Entries) || len(b.Entries) > 1 {
				p.t.Errorf("%s: answered %+v, recorded %+v", b.Operation, b.Entries, stored.Entries)
			}
			for _, line := range b.Entries {
				numbers = append(numbers, line.Tester)
			}
		}
		known, err := r.Addresses(p.test, numbers)
		for _, n := range numbers {
			if known[n].Given != a {
				p.t.Errorf("the record names %d, who is %q", n, known[n].Given)
			}
		}
		return err
	})
}
