package crash_test

// delivery is one message that the relay accepted.
type delivery struct {
	id         string // its Message-ID
	recipients []string
	invitation string // which one: test and tester number, from the link; empty for other mail
	life       int    // of the server that sent it
}

// tester is somebody who is in a running test at the end.
type tester struct {
	place
	invitation string // the one that must have arrived
}

// auditPost compares the testers of running tests with what the relay accepted,
// in its order, and with the invitations that the database holds for sent. A
// mail that a server was sending when it was killed, between the relay's answer
// and its own commit, is sent again by a later one: that is the only second copy
// there may be. Where several serve at once, deaths says how many deliveries
// there were when each one's was known; a life that is not in it has not ended.
func auditPost(testers []tester, ledger []string, deliveries []delivery, deaths map[int]int) (copies int, f findings) {
	f = findings{}
	before := map[string]delivery{} // by Message-ID, the latest
	names := map[string]string{}    // the Message-ID of each invitation
	arrived := map[string]string{}  // whom each invitation went to
	for n, d := range deliveries {
		if len(d.recipients) != 1 {
			f.add(astray, "%s has the recipients %q", d.id, d.recipients)
			continue
		}
		if first, again := before[d.id]; again {
			copies++
			checkCopy(first, d, f)
			if ended, dead := deaths[first.life]; deaths != nil && (!dead || n < ended) {
				f.add(repeated, "%s to %s, twice, and life %d that sent it first had not ended", d.id, d.recipients[0], first.life)
			}
		}
		before[d.id] = d
		if d.invitation == "" {
			continue
		}
		if name, again := names[d.invitation]; again && name != d.id {
			f.add(renamed, "the invitation %s to %s came as %s and as %s", d.invitation, d.recipients[0], name, d.id)
		}
		names[d.invitation] = d.id
		arrived[d.invitation] = d.recipients[0]
	}
	for _, i := range ledger {
		if arrived[i] == "" {
			f.add(lost, "the invitation %s, which the database holds for sent", i)
		}
	}
	for _, t := range testers {
		switch to, came := arrived[t.invitation]; {
		case !came:
			f.add(lost, "the invitation %s of %s, skill %d", t.invitation, t.address, t.skill)
		case to != t.address:
			f.add(astray, "the invitation %s of %s went to %s", t.invitation, t.address, to)
		}
	}
	return copies, f
}

func checkCopy(first, again delivery, f findings) {
	if first.life == again.life {
		f.add(repeated, "%s to %s, twice in life %d", again.id, again.recipients[0], again.life)
	}
	if first.recipients[0] != again.recipients[0] {
		f.add(astray, "%s went to %s, then to %s", again.id, first.recipients[0], again.recipients[0])
	}
}
