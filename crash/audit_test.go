package crash_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fault is a way to break the promise.
type fault string

const (
	missing     fault = "missing"     // acknowledged, and not there
	half        fault = "half"        // a batch is there in part
	resurrected fault = "resurrected" // removed, and there without a later add
	strange     fault = "strange"     // nobody did this
	misread     fault = "misread"     // an answer to a client that contradicts what it was told before
	broken      fault = "broken"      // the file, or the process

	lost     fault = "lost"     // a tester without invitation
	repeated fault = "repeated" // a second copy without a kill in between
	renamed  fault = "renamed"  // a second copy under another Message-ID
	astray   fault = "astray"   // an envelope with more than its one recipient
)

// findings is the evidence, by fault.
type findings map[fault][]string

func (f findings) add(kind fault, format string, args ...any) {
	f[kind] = append(f[kind], fmt.Sprintf(format, args...))
}

func (f findings) join(more findings) {
	for kind, evidence := range more {
		f[kind] = append(f[kind], evidence...)
	}
}

// String shows some evidence of each fault.
func (f findings) String() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&b, "%s: %d\n", kind, len(f[kind]))
		for _, e := range f[kind][:min(5, len(f[kind]))] {
			fmt.Fprintf(&b, "\t%s\n", e)
		}
	}
	return b.String()
}

// audit compares the clients' journals with the world that the restarted server
// shows. It returns the journals with every unknown outcome settled by what is
// there, and what cannot be.
func audit(journals []journal, found world) (settled []journal, f findings) {
	f = findings{}
	all := newPast()
	for client, j := range journals {
		p, j := replay(client, j, found, f)
		maps.Copy(all.world, p.world)
		maps.Copy(all.removed, p.removed)
		settled = append(settled, j)
	}
	compare(all, found, f)
	return settled, f
}

// replay walks one journal to its end, noting the answers that contradict it.
func replay(client int, j journal, found world, f findings) (past, journal) {
	p := newPast()
	j = slices.Clone(j)
	for i := range j {
		if j[i].status >= 500 {
			f.add(broken, "client %d, skill %d: %s was answered with %d", client, j[i].skill, j[i].verb, j[i].status)
		}
		if j[i].outcome == unknown {
			j[i].outcome = settle(p, &j[i], found, f)
			continue
		}
		reread(client, p, j[i], f)
		p.do(j[i])
	}
	return p, j
}

// settle finds out what became of a deed that died with the server: all of it is
// there, or nothing. Of a half, p takes what is there, so that it is found once.
func settle(p past, d *deed, found world, f findings) outcome {
	steps := d.steps(p.world)
	there := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return found[s.place] != s.to })
	p.walk(there)
	switch len(there) {
	case len(steps):
		return happened
	case 0:
		return unhappened
	}
	f.add(half, "%s of %d addresses, skill %d: %d of %d are there, not %s",
		d.verb, len(d.addresses), d.skill, len(there), len(steps), firstNot(steps, there))
	var moved []string
	for _, s := range there {
		moved = append(moved, s.address)
	}
	d.addresses = moved
	return happened
}

func firstNot(steps, there []step) string {
	for _, s := range steps {
		if !slices.Contains(there, s) {
			return s.address
		}
	}
	return ""
}

// reread checks what a client was told while the server lived.
func reread(client int, p past, d deed, f findings) {
	for address, is := range d.seen {
		if want := p.world[place{d.skill, address}]; is != want {
			f.add(misread, "client %d, skill %d: the list shows %s as %q, want %q", client, d.skill, address, is, want)
		}
	}
	if d.outcome == refused {
		f.add(misread, "client %d, skill %d: %s of %.3q was refused with %d", client, d.skill, d.verb, d.addresses, d.status)
	}
}

// compare wants found to be what the past amounts to.
func compare(p past, found world, f findings) {
	for at, want := range p.world {
		switch is := found[at]; {
		case is == absent:
			f.add(missing, "%s, skill %d: want %s, is not in the test", at.address, at.skill, want)
		case is == invited && want == joined:
			f.add(missing, "%s, skill %d: accepted, is %s", at.address, at.skill, is)
		case is != want:
			f.add(strange, "%s, skill %d: want %s, is %s", at.address, at.skill, want, is)
		}
	}
	for at, is := range found {
		switch {
		case p.world[at] != absent:
		case p.removed[at]:
			f.add(resurrected, "%s, skill %d: was removed, is %s", at.address, at.skill, is)
		default:
			f.add(strange, "%s, skill %d: was never added, is %s", at.address, at.skill, is)
		}
	}
}
