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
// server that was killed between the relay's answer and its own commit sends
// again after the restart: that is the only second copy there may be.
func auditPost(testers []tester, ledger []string, deliveries []delivery) (copies int, f findings) {
	f = findings{}
	before := map[string]delivery{} // by Message-ID, the latest
	names := map[string]string{}    // the Message-ID of each invitation
	arrived := map[string]string{}  // whom each invitation went to
	for _, d := range deliveries {
		if len(d.recipients) != 1 {
			f.add(astray, "%s has the recipients %q", d.id, d.recipients)
			continue
		}
		if first, again := before[d.id]; again {
			copies++
			checkCopy(first, d, f)
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
