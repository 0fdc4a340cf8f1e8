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
	{"suppression is remembered, replaced and forgotten", withTest(func(b *bench) {
		for _, step := range []struct{ reason beta.Reason }{{beta.BecauseDeclined}, {beta.BecauseLeft}, {""}, {""}} {
			b.update(func(tx beta.Tx) error { return tx.Suppress(round, "a@x.test", step.reason, b.clock.Now()) })
			want := map[string]beta.Reason{}
			if step.reason != "" {
				want["a@x.test"] = step.reason
			}
			b.update(func(tx beta.Tx) error {
				got, err := tx.Suppressed(round, []string{"b@x.test", "a@x.test"})
				b.want("suppressed", got, want)
				other, _ := tx.Suppressed(round+1, []string{"a@x.test"})
				b.want("suppressed in another test", other, map[string]beta.Reason{})
				return err
			})
		}
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
