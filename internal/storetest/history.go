package storetest

import (
	"time"

	"tryout/internal/beta"
)

var historyCases = []Case{
	{"a removed tester's address stays known by number", withTest(func(b *bench) {
		b.add(1, "a", "b")
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, []beta.Tester{tester(1, "a@x.test")}, Start) })
		b.want("left", b.list(), []beta.Tester{tester(2, "b@x.test")})
		b.wantAddresses(map[int64]string{1: "a@x.test", 2: "b@x.test"}, 1, 2, 3)
		again := b.add(5, "a")
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, again, Start) })
		b.wantAddresses(map[int64]string{1: "a@x.test", 5: "a@x.test"}, 1, 5)
	})},
	{"removing who is not there changes nothing", withTest(func(b *bench) {
		want := b.add(1, "a")
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, []beta.Tester{tester(2, "b@x.test")}, Start) })
		b.want("left", b.list(), want)
		b.wantAddresses(map[int64]string{1: "a@x.test"}, 1, 2)
	})},
	{"a stranger keeps the first number", withTest(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			got, err := tx.RememberStrangers(round, []beta.Tester{tester(1, "a@x.test"), tester(2, "b@x.test")}, Start)
			b.want("first", got, map[string]int64{"a@x.test": 1, "b@x.test": 2})
			return err
		})
		b.update(func(tx beta.Tx) error {
			got, err := tx.RememberStrangers(round, []beta.Tester{tester(3, "c@x.test"), tester(4, "b@x.test")}, Start)
			b.want("second", got, map[string]int64{"c@x.test": 3, "b@x.test": 2})
			return err
		})
		b.wantAddresses(map[int64]string{1: "a@x.test", 2: "b@x.test", 3: "c@x.test"}, 1, 2, 3, 4)
	})},
	{"who was removed is a stranger by their newest number", withTest(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			return second(tx.RememberStrangers(round, []beta.Tester{tester(1, "a@x.test")}, Start))
		})
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, b.addIn(tx, 2, "a"), Start) })
		b.update(func(tx beta.Tx) error {
			got, err := tx.RememberStrangers(round, []beta.Tester{tester(3, "a@x.test")}, Start)
			b.want("numbers", got, map[string]int64{"a@x.test": 2})
			return err
		})
	})},
	{"what somebody wished is remembered, replaced and forgotten, each wish where it holds", withTest(func(b *bench) {
		suppress := func(tx beta.Tx, reason beta.Reason) error {
			return tx.Suppress(round, "a@x.test", reason, b.clock.Now())
		}
		refuse := func(tx beta.Tx, reason beta.Reason) error {
			return tx.Refuse(vendor, "a@x.test", reason, b.clock.Now())
		}
		forget := func(tx beta.Tx, reason beta.Reason) error {
			return tx.Forget("a@x.test", reason == "", b.clock.Now())
		}
		for _, step := range []struct {
			do                  func(beta.Tx, beta.Reason) error
			reason              beta.Reason
			here, there, abroad beta.Wish // in the test, in the vendor's other tests, in another vendor's
		}{
			{suppress, beta.BecauseDeclined, beta.Wish{Test: beta.BecauseDeclined}, beta.Wish{}, beta.Wish{}},
			{suppress, beta.BecauseLeft, beta.Wish{Test: beta.BecauseLeft}, beta.Wish{}, beta.Wish{}},
			{refuse, beta.BecauseUnsubscribed, beta.Wish{Test: beta.BecauseLeft, Vendor: beta.BecauseUnsubscribed}, beta.Wish{Vendor: beta.BecauseUnsubscribed}, beta.Wish{}},
			{suppress, "", beta.Wish{Vendor: beta.BecauseUnsubscribed}, beta.Wish{Vendor: beta.BecauseUnsubscribed}, beta.Wish{}},
			{refuse, beta.BecauseComplained, beta.Wish{Vendor: beta.BecauseComplained}, beta.Wish{Vendor: beta.BecauseComplained}, beta.Wish{}},
			{refuse, "", beta.Wish{}, beta.Wish{}, beta.Wish{}},
			{forget, "once", beta.Wish{Forgotten: true}, beta.Wish{Forgotten: true}, beta.Wish{Forgotten: true}},
			{forget, "twice", beta.Wish{Forgotten: true}, beta.Wish{Forgotten: true}, beta.Wish{Forgotten: true}},
			{forget, "", beta.Wish{}, beta.Wish{}, beta.Wish{}},
		} {
			b.update(func(tx beta.Tx) error { return step.do(tx, step.reason) })
			b.update(func(tx beta.Tx) error {
				b.wantWish(tx, round, vendor, step.here)
				b.wantWish(tx, round+1, vendor, step.there)
				b.wantWish(tx, round+1, "another", step.abroad)
				return nil
			})
		}
	})},
	{"the tests that know an address are found, in order", withTest(func(b *bench) {
		const other = beta.SkillID("another")
		b.update(func(tx beta.Tx) error {
			b.ok(second(tx.CreateSkill(beta.Skill{ID: other, Vendor: vendor, Name: "Another"})))
			for n, id := range []beta.TestID{round + 3, round + 1, round + 2} {
				b.ok(tx.CreateTest(beta.Test{ID: id, Skill: other, Round: n + 1, Stored: beta.Running}))
			}
			b.ok(second(tx.AddTesters(round+3, []beta.Tester{tester(1, "a@x.test")})))
			b.ok(second(tx.AddTesters(round+1, []beta.Tester{tester(1, "b@x.test")})))
			return second(tx.RememberStrangers(round+2, []beta.Tester{tester(1, "a@x.test")}, Start))
		})
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, b.addIn(tx, 1, "a"), Start) })
		for limit, want := range map[int][]beta.TestID{2: {round, round + 2}, 10: {round, round + 2, round + 3}} {
			b.update(func(tx beta.Tx) error {
				tests, err := tx.TestsOf("a@x.test", limit)
				var got []beta.TestID
				for _, t := range tests {
					got = append(got, t.ID)
				}
				b.want("tests", got, want)
				return err
			})
		}
	})},
	{"whoever is forgotten wants nothing of anybody any more", withTest(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			b.ok(second(tx.CreateVendor(beta.Vendor{ID: "V9", Name: "V9"}, Start)))
			for _, v := range []beta.VendorID{vendor, "V9"} {
				b.ok(tx.Refuse(v, "a@x.test", beta.BecauseComplained, Start))
				b.ok(tx.Refuse(v, "b@x.test", beta.BecauseComplained, Start))
			}
			return tx.Forget("a@x.test", false, Start)
		})
		b.view(func(r beta.Reader) error {
			for _, v := range []beta.VendorID{vendor, "V9"} {
				got, err := r.Refusals(v, []string{"a@x.test", "b@x.test"})
				b.ok(err)
				b.want("refusals of "+string(v), got, map[string]beta.Reason{"b@x.test": beta.BecauseComplained})
			}
			return nil
		})
	})},
	{"a batch is kept whole", withTest(func(b *bench) {
		want := beta.Batch{
			ID: "b1", Test: round, Skill: skill, Vendor: vendor, By: "token 5f2c81d0", RequestID: "request \"1\"",
			Operation: beta.OpAdd, At: Start.Add(time.Millisecond),
			Entries: []beta.Entry{
				{Tester: 1, Result: beta.Added}, {Tester: 2, Result: beta.Added}, {Tester: 3, Result: beta.Added, Reason: beta.BecauseDeclined},
				{Tester: 3, Result: beta.Already, Reason: beta.BecauseRepeated}, {Tester: 4, Result: beta.Added},
				{Tester: 9, Result: beta.Added}, {Tester: 8, Result: beta.Added}, {Tester: 9, Result: beta.Added},
				{Tester: 9, Result: beta.Added}, {Tester: 10, Result: beta.Added},
			},
		}
		b.update(func(tx beta.Tx) error { return tx.RecordBatch(want) })
		b.view(func(r beta.Reader) error {
			got, found, err := r.Batch("b1")
			b.want("batch", got, want)
			b.want("found", found, true)
			_, found, _ = r.Batch("B1")
			b.want("another found", found, false)
			return err
		})
	})},
	{"a batch about nobody is kept", withTest(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			return tx.RecordBatch(beta.Batch{ID: "b1", Test: round, Operation: beta.OpEnd, At: Start})
		})
		b.view(func(r beta.Reader) error {
			got, found, err := r.Batch("b1")
			b.want("batch", got, beta.Batch{ID: "b1", Test: round, Operation: beta.OpEnd, At: Start})
			b.want("found", found, true)
			return err
		})
	})},
}

// wantWish checks what the owner of a@x.test wishes, and that nobody else does.
func (b *bench) wantWish(tx beta.Tx, test beta.TestID, vendor beta.VendorID, want beta.Wish) {
	b.Helper()
	got, err := tx.Wishes(test, vendor, []string{"b@x.test", "a@x.test"})
	b.ok(err)
	b.want("wish", got["a@x.test"], want)
	if want == (beta.Wish{}) {
		b.want("wishes", len(got), 0)
	} else {
		b.want("wishes", len(got), 1)
	}
}

// addIn is add inside a transaction.
func (b *bench) addIn(tx beta.Tx, number int64, name string) []beta.Tester {
	b.Helper()
	testers := []beta.Tester{tester(number, name+"@x.test")}
	b.ok(second(tx.AddTesters(round, testers)))
	return testers
}

func (b *bench) wantAddresses(want map[int64]string, numbers ...int64) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		found, err := r.Addresses(round, numbers)
		got := map[int64]string{}
		for number, e := range found {
			got[number] = e.Key
		}
		b.want("addresses", got, want)
		return err
	})
}
