package crash_test

import (
	"slices"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
)

// The control runs: the same clients and kills, but between a kill and the
// restart something is done to the database that a server which keeps its
// promise never does. The verdict must tell, and tell nothing else.

func TestTheVerdictTellsEveryBrokenPromise(t *testing.T) {
	for name, c := range map[fault]func(*series) bool{
		missing:     forgetTester,
		half:        tearBatch,
		resurrected: raiseRemoved,
		lost:        dropInvitation,
		renamed:     inviteAgain,
	} {
		t.Run(string(name), func(t *testing.T) {
			seed := seed(t)
			s := newSeries(t, seed, 1)
			s.least, s.tamper = 200*time.Millisecond, c
			s.run(20)
			if len(s.faults[name]) != 1 || len(s.faults) != 1 {
				t.Errorf("seed %d: want exactly one finding, %q, after %d kills; got:\n%s", seed, name, s.kills, s.faults)
			}
		})
	}
}

// What a disk that lies, or a database told not to wait for it, does at a power
// cut: the newest commits were never written.
func TestTheVerdictTellsThatTheLatestCommitsAreGone(t *testing.T) {
	seed := seed(t)
	s := newSeries(t, seed, 1)
	s.least = 200 * time.Millisecond
	earlier, adds := t.TempDir(), 0
	s.tamper = func(s *series) (done bool) {
		if s.kills == 1 {
			adds = s.acknowledgedAdds()
			s.copyFiles(s.data, earlier)
			return false
		}
		if s.acknowledgedAdds() == adds {
			return false // nothing to lose yet
		}
		s.copyFiles(earlier, s.data)
		return true
	}
	s.run(20)
	if len(s.faults[missing]) == 0 {
		t.Errorf("seed %d: want that testers are missing; got:\n%s", seed, s.faults)
	}
}

// forgetTester takes away one tester whose add was acknowledged.
func forgetTester(s *series) bool {
	for _, c := range s.clients {
		for at := range c.past.world {
			if !c.doubts(at) {
				return s.deleteTester(at)
			}
		}
	}
	return false
}

// tearBatch takes one tester out of an add that was committed and not answered.
func tearBatch(s *series) bool {
	for _, c := range s.clients {
		d := c.journal[len(c.journal)-1]
		if steps := d.steps(c.past.world); d.verb == add && d.outcome == unknown && len(steps) > 1 {
			if s.deleteTester(steps[0].place) {
				return true
			}
		}
	}
	return false
}

// raiseRemoved puts back one tester whose removal was acknowledged.
func raiseRemoved(s *series) bool {
	for _, c := range s.clients {
		for at, gone := range c.past.removed {
			if gone && at.skill >= running && !c.doubts(at) {
				s.write(`insert into testers
					(test_id, number, email, email_key, state, associated_at, notified_at, feedback_at, mails, unsettled, blocked)
					select test_id, number, email, email_key, 'INVITED', associated_at, 0, 0, 0, 0, 0
					from former_testers
					where associated_at > 0 and email_key = ? and test_id = (select id from tests where skill_id = ?)
					limit 1`, at.address, skills[at.skill])
				return s.correct(at.skill, +1) == 1
			}
		}
	}
	return false
}

// dropInvitation has the outbox take one invitation for not wanted any more.
func dropInvitation(s *series) bool {
	return s.write(`update mails set state = 'dropped'
		where (test_id, tester, seq) = (
			select m.test_id, m.tester, m.seq
			from mails m join testers t on t.test_id = m.test_id and t.number = m.tester
			where m.state = 'queued' and m.attempts = 0 and m.kind = 'INVITATION'
			limit 1)`) == 1
}

// inviteAgain queues one invitation that was sent once more, as another mail.
func inviteAgain(s *series) bool {
	var columns string
	s.rows(s.data, "select group_concat(name) from pragma_table_info('mails') where name not in ('seq', 'state', 'due_at', 'queued_at')",
		func(row *sqlite.Stmt) { columns = row.ColumnText(0) })
	return s.write(`insert into mails (seq, state, due_at, queued_at, `+columns+`)
		select seq + 50, 'queued', 1, queued_at + 1, `+columns+`
		from mails
		where state = 'sent' and kind = 'INVITATION'
			and exists (select 1 from testers t where t.test_id = mails.test_id and t.number = mails.tester)
		limit 1`) == 1
}

func (s *series) acknowledgedAdds() (n int) {
	for _, c := range s.clients {
		for _, d := range c.journal {
			if d.verb == add && d.outcome == acknowledged {
				n++
			}
		}
	}
	return n
}

// doubts reports whether the client's last call, which died, may have moved p.
func (c *client) doubts(p place) bool {
	d := c.journal[len(c.journal)-1]
	return d.skill == p.skill && slices.Contains(d.addresses, p.address)
}

// deleteTester removes a row and every trace in the count, as if it had never been.
func (s *series) deleteTester(p place) (done bool) {
	n := s.write(`delete from testers where email_key = ? and test_id = (select id from tests where skill_id = ?)`,
		p.address, skills[p.skill])
	return n == 1 && s.correct(p.skill, -1) == 1
}

func (s *series) correct(skill, by int) int {
	return s.write("update tests set testers = testers + ? where skill_id = ?", by, skills[skill])
}
