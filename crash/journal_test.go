package crash_test

// place is one address in the test of one skill. Only one client ever writes to
// it, one call after the other, so what must be there is exactly known.
type place struct {
	skill   int
	address string
}

// standing is where a place stands, in the wire's words; empty is not in the test.
type standing string

const (
	absent  standing = ""
	invited standing = "NOT_ACCEPTED"
	joined  standing = "ACCEPTED"
)

// world is where every place stands; those absent are not in it.
type world map[place]standing

func (w world) set(p place, s standing) {
	if s == absent {
		delete(w, p)
		return
	}
	w[p] = s
}

// verb is what a client can do.
type verb string

const (
	add    verb = "add"
	remove verb = "remove"
	accept verb = "accept"
	list   verb = "list"
)

// outcome is what a client knows of a call it made.
type outcome string

const (
	acknowledged outcome = "acknowledged"
	refused      outcome = "refused"    // told that it had no effect
	unknown      outcome = "unknown"    // the connection died before the answer
	happened     outcome = "happened"   // was unknown; the restarted server shows all of it
	unhappened   outcome = "unhappened" // was unknown; the restarted server shows nothing of it
)

// deed is one call as its client saw it.
type deed struct {
	verb
	skill     int
	addresses []string
	outcome
	status int                 // of the answer; 0 for none
	seen   map[string]standing // list: the client's own addresses on the page
}

// journal is one client's deeds, in their order. Only the last can be unknown.
type journal []deed

// step is one place that a deed moves.
type step struct {
	place
	to standing
}

// steps returns what a deed changes in w, if it happens.
func (d deed) steps(w world) (list []step) {
	for _, a := range d.addresses {
		p := place{d.skill, a}
		switch was := w[p]; {
		case d.verb == add && was == absent:
			list = append(list, step{p, invited})
		case d.verb == remove && was != absent:
			list = append(list, step{p, absent})
		case d.verb == accept && was == invited:
			list = append(list, step{p, joined})
		}
	}
	return list
}

// past is what a journal amounts to.
type past struct {
	world
	times   map[place]int  // how often it came into the test
	removed map[place]bool // was removed, and not added since
}

func newPast() past {
	return past{world{}, map[place]int{}, map[place]bool{}}
}

// do takes a deed for what its outcome says; one that is unknown is passed over.
func (p past) do(d deed) {
	if d.outcome == acknowledged || d.outcome == happened {
		p.walk(d.steps(p.world))
	}
}

func (p past) walk(steps []step) {
	for _, s := range steps {
		if p.world[s.place] == absent {
			p.times[s.place]++
		}
		p.set(s.place, s.to)
		p.removed[s.place] = s.to == absent
	}
}

// pastOf is a journal from its beginning.
func pastOf(j journal) past {
	p := newPast()
	for _, d := range j {
		p.do(d)
	}
	return p
}
