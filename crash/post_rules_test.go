package crash_test

import "testing"

// sent is a delivery to a@crash.test.
func sent(id, invitation string, life int) delivery {
	return delivery{id: id, recipients: []string{"a@crash.test"}, invitation: invitation, life: life}
}

func TestWhatWasToBeSentIsHeldAgainstWhatArrived(t *testing.T) {
	t.Parallel()
	a := []tester{{place{0, "a@crash.test"}, "t-1"}}
	for name, c := range map[string]struct {
		testers    []tester
		ledger     []string
		deliveries []delivery
		copies     int
		want       map[fault]int
	}{
		"it came":                        {a, []string{"t-1"}, []delivery{sent("1", "t-1", 1)}, 0, nil},
		"nothing came":                   {a, nil, nil, 0, map[fault]int{lost: 1}},
		"other mail is no invitation":    {a, nil, []delivery{sent("1", "", 1)}, 0, map[fault]int{lost: 1}},
		"only an earlier one came":       {a, nil, []delivery{sent("1", "t-0", 1)}, 0, map[fault]int{lost: 1}},
		"the database says that it came": {nil, []string{"t-1"}, nil, 0, map[fault]int{lost: 1}},
		"again after a kill":             {a, nil, []delivery{sent("1", "t-1", 1), sent("1", "t-1", 2)}, 1, nil},
		"again after two kills":          {a, nil, []delivery{sent("1", "t-1", 1), sent("1", "t-1", 2), sent("1", "t-1", 3)}, 2, nil},
		"again without a kill":           {a, nil, []delivery{sent("1", "t-1", 1), sent("1", "t-1", 1)}, 1, map[fault]int{repeated: 1}},
		"again as another mail":          {a, nil, []delivery{sent("1", "t-1", 1), sent("2", "t-1", 2)}, 0, map[fault]int{renamed: 1}},
		"other mail, again and again":    {nil, nil, []delivery{sent("1", "", 1), sent("2", "", 1)}, 0, nil},
		"to somebody else": {
			a, nil, []delivery{{id: "1", recipients: []string{"b@crash.test"}, invitation: "t-1", life: 1}}, 0, map[fault]int{astray: 1},
		},
		"to two at once": {
			nil, nil, []delivery{{id: "1", recipients: []string{"a@crash.test", "b@crash.test"}, invitation: "t-1", life: 1}}, 0, map[fault]int{astray: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copies, f := auditPost(c.testers, c.ledger, c.deliveries, nil)
			wantFindings(t, f, c.want)
			if copies != c.copies {
				t.Errorf("copies: got %d, want %d", copies, c.copies)
			}
		})
	}
}

func TestASecondCopyComesOnlyAfterTheDeathOfWhoSentTheFirst(t *testing.T) {
	t.Parallel()
	twice := []delivery{sent("1", "t-1", 1), sent("1", "t-1", 2)}
	for name, c := range map[string]struct {
		deaths map[int]int
		want   map[fault]int
	}{
		"who sent it first was dead":    {map[int]int{1: 1}, nil},
		"died a moment later":           {map[int]int{1: 2}, map[fault]int{repeated: 1}},
		"lives":                         {map[int]int{}, map[fault]int{repeated: 1}},
		"lives, and the second is dead": {map[int]int{2: 1}, map[fault]int{repeated: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := auditPost(nil, nil, twice, c.deaths)
			wantFindings(t, f, c.want)
		})
	}
}
