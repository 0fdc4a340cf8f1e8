package crash_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// did is a deed on skill 0.
func did(v verb, o outcome, addresses ...string) deed {
	return deed{verb: v, outcome: o, addresses: addresses}
}

func at(address string) place { return place{0, address} }

func TestWhatWasToldIsHeldAgainstWhatIsThere(t *testing.T) {
	t.Parallel()
	ab := did(add, acknowledged, "a", "b")
	both := world{at("a"): invited, at("b"): invited}
	for name, c := range map[string]struct {
		journal journal
		found   world
		want    map[fault]int
	}{
		"all is there":                      {journal{ab}, both, nil},
		"a tester is gone":                  {journal{ab}, world{at("a"): invited}, map[fault]int{missing: 1}},
		"all are gone":                      {journal{ab}, world{}, map[fault]int{missing: 2}},
		"nobody added this":                 {journal{}, world{at("a"): invited}, map[fault]int{strange: 1}},
		"an add that was refused":           {journal{did(add, refused, "a")}, world{}, map[fault]int{misread: 1}},
		"an add that died, whole":           {journal{did(add, unknown, "a", "b")}, both, nil},
		"an add that died, not at all":      {journal{did(add, unknown, "a", "b")}, world{}, nil},
		"an add that died, half":            {journal{did(add, unknown, "a", "b")}, world{at("b"): invited}, map[fault]int{half: 1}},
		"half, where one was there before":  {journal{did(add, acknowledged, "a"), did(add, unknown, "a", "b")}, world{at("a"): invited}, nil},
		"a removal":                         {journal{ab, did(remove, acknowledged, "a")}, world{at("b"): invited}, nil},
		"a removal undone":                  {journal{ab, did(remove, acknowledged, "a")}, both, map[fault]int{resurrected: 1}},
		"a removal that died, half":         {journal{ab, did(remove, unknown, "a", "b")}, world{at("b"): invited}, map[fault]int{half: 1}},
		"a removal that died, then undone":  {journal{ab, did(remove, happened, "a")}, both, map[fault]int{resurrected: 1}},
		"a removal, then a later add":       {journal{ab, did(remove, acknowledged, "a"), did(add, acknowledged, "a")}, both, nil},
		"a removal, then an add that died":  {journal{ab, did(remove, acknowledged, "a"), did(add, unknown, "a")}, both, nil},
		"an add that did not happen, later": {journal{did(add, unhappened, "a")}, world{at("a"): invited}, map[fault]int{strange: 1}},
		"an accept":                         {journal{ab, did(accept, acknowledged, "a")}, world{at("a"): joined, at("b"): invited}, nil},
		"an accept forgotten":               {journal{ab, did(accept, acknowledged, "a")}, both, map[fault]int{missing: 1}},
		"an accept that died":               {journal{ab, did(accept, unknown, "a")}, both, nil},
		"an accept that nobody made":        {journal{ab}, world{at("a"): joined, at("b"): invited}, map[fault]int{strange: 1}},
		"a new invitation, accepted before": {journal{ab, did(accept, acknowledged, "a"), did(remove, acknowledged, "a"), did(add, acknowledged, "a")}, both, nil},
		"an answer of 503":                  {journal{deed{verb: add, outcome: unknown, status: 503, addresses: []string{"a"}}}, world{}, map[fault]int{broken: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := audit([]journal{c.journal}, c.found)
			wantFindings(t, f, c.want)
		})
	}
}

func TestAListIsHeldAgainstWhatItsClientKnows(t *testing.T) {
	t.Parallel()
	seen := func(is standing) deed {
		return deed{verb: list, outcome: acknowledged, seen: map[string]standing{"a": is}}
	}
	j := journal{did(add, acknowledged, "a"), seen(invited), did(accept, acknowledged, "a"), seen(joined)}
	_, f := audit([]journal{j}, world{at("a"): joined})
	wantFindings(t, f, nil)
	_, f = audit([]journal{slices.Concat(j, journal{seen(invited)})}, world{at("a"): joined})
	wantFindings(t, f, map[fault]int{misread: 1})
	_, f = audit([]journal{slices.Concat(j, journal{did(remove, acknowledged, "a"), seen(joined)})}, world{})
	wantFindings(t, f, map[fault]int{misread: 1})
}

func TestTheAuditSettlesWhatWasUnknown(t *testing.T) {
	t.Parallel()
	one := journal{did(add, acknowledged, "a"), did(remove, unknown, "a")}
	other := journal{did(add, unknown, "b", "c")}
	settled, f := audit([]journal{one, other}, world{at("b"): invited, at("c"): invited})
	wantFindings(t, f, nil)
	if settled[0][1].outcome != happened || settled[1][0].outcome != happened || one[1].outcome != unknown {
		t.Errorf("got %v; want both to have happened, and the journals that were given unchanged", settled)
	}
	settled, _ = audit([]journal{one, other}, world{at("a"): invited})
	if settled[0][1].outcome != unhappened || settled[1][0].outcome != unhappened {
		t.Errorf("got %v; want neither to have happened", settled)
	}
}

func wantFindings(t *testing.T, f findings, want map[fault]int) {
	t.Helper()
	got := map[fault]int{}
	for kind, evidence := range f {
		got[kind] = len(evidence)
	}
	if want == nil {
		want = map[fault]int{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s\n%s", diff, f)
	}
}
