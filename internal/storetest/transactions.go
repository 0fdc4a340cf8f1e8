package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"tryout/internal/beta"
)

var errStop = errors.New("stop here")

var transactionCases = []Case{
	{"fn's error undoes everything and is returned", withTest(func(b *bench) {
		err := b.Update(b.ctx, func(tx beta.Tx) error {
			b.everything(tx)
			return errStop
		})
		b.wantError("update", err, errStop)
		b.wantNothing()
	})},
	{"fn's panic undoes everything and reaches the caller", withTest(func(b *bench) {
		got := panicOf(func() {
			b.Update(b.ctx, func(tx beta.Tx) error {
				b.everything(tx)
				panic("oh no")
			})
		})
		b.want("panic", got, any("oh no"))
		b.wantNothing()
		b.add(1, "a") // the store goes on
	})},
	{"what fn wrote it reads", withTest(func(b *bench) {
		b.update(func(tx beta.Tx) error {
			b.addIn(tx, 1, "a")
			_, found, err := tx.Tester(round, "a@x.test")
			b.want("found", found, true)
			return err
		})
	})},
	{"what an update acknowledged every reader sees", withTest(func(b *bench) {
		for i, name := range names("t", 20) {
			b.add(int64(i), name)
			b.want("testers", len(b.list()), i+1)
		}
	})},
	{"a reader sees one state", withTest(func(b *bench) {
		run := int64(0)
		b.view(func(r beta.Reader) error {
			run++ // again, after a lost race
			_, _, before := r.SkillTest(skill)
			b.add(run, fmt.Sprint("t", run))
			_, found, after := r.Tester(round, fmt.Sprintf("t%d@x.test", run))
			if err := errors.Join(before, after); err != nil {
				return err
			}
			b.want("the tester added meanwhile is seen", found, false)
			return nil
		})
		b.want("runs are few", run <= 2, true)
	})},
	{"a reader may panic and leave nothing held", withTest(func(b *bench) {
		for range 50 { // more than there are connections
			got := panicOf(func() {
				b.View(b.ctx, func(r beta.Reader) error {
					return second(r.Testers(round, "", 1, func(beta.Tester) error { return nil }))
				})
				b.View(b.ctx, func(beta.Reader) error { panic("oh no") })
			})
			b.want("panic", got, any("oh no"))
		}
		b.view(func(r beta.Reader) error { return second(r.Vendor(vendor)) })
	})},
	{"who gave up before is never served", withTest(func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		for range 50 {
			var ran atomic.Bool
			err := b.Update(ctx, func(beta.Tx) error { ran.Store(true); return nil })
			if !errors.Is(err, context.Canceled) || ran.Load() {
				b.Fatalf("update: got error %v, ran %v; want it cancelled and never run", err, ran.Load())
			}
			if err := b.View(ctx, func(beta.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
				b.Fatalf("view: got %v, want it cancelled", err)
			}
		}
	})},
	{"who gives up while waiting is never served", withTest(func(b *bench) {
		var ran atomic.Bool
		b.whileBusy(func() {
			ctx, cancel := context.WithCancel(b.ctx)
			var waiter sync.WaitGroup
			waiter.Go(func() {
				err := b.Update(ctx, func(beta.Tx) error { ran.Store(true); return nil })
				b.wantError("the one who waits", err, context.Canceled)
			})
			cancel()
			waiter.Wait()
		})
		b.add(1, "a")
		b.want("ran", ran.Load(), false)
	})},
	{"who gives up while being served learns the outcome", withTest(func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		err := b.Update(ctx, func(tx beta.Tx) error {
			cancel()
			return second(tx.AddTesters(round, []beta.Tester{tester(1, "a@x.test")}))
		})
		b.ok(err)
		b.want("testers", len(b.list()), 1)
	})},
}

// whileBusy runs fn while as many write as can at once.
func (b *bench) whileBusy(fn func()) {
	b.Helper()
	var begun, writers sync.WaitGroup
	over := make(chan struct{})
	for range b.writers {
		begun.Add(1)
		writers.Go(func() { b.update(func(beta.Tx) error { begun.Done(); <-over; return nil }) })
	}
	begun.Wait()
	fn()
	close(over)
	writers.Wait()
}

// everything does one of each kind of write.
func (b *bench) everything(tx beta.Tx) {
	b.Helper()
	test, _, _ := tx.Test(round)
	test.Testers, test.Stored = 99, beta.Stopping
	b.ok(errors.Join(
		second(tx.CreateVendor(beta.Vendor{ID: "V2", Name: "Umbrella"}, Start)),
		second(tx.CreateSkill(beta.Skill{ID: "S2", Vendor: "V2", Name: "Chess"})),
		tx.SaveTest(test),
		tx.CreateTest(draft(round+1, 2)),
		tx.RemoveTesters(round, b.addIn(tx, 1, "gone"), Start),
		second(tx.AddTesters(round, []beta.Tester{tester(2, "a@x.test")})),
		second(tx.RememberStrangers(round, []beta.Tester{tester(3, "s@x.test")}, Start)),
		tx.Suppress(round, "a@x.test", beta.BecauseLeft, Start),
		tx.QueueMails([]beta.Mail{mail(2, 0)}),
		tx.RecordBatch(beta.Batch{ID: "b1", Test: round}),
	))
}

// wantNothing checks that none of everything is left.
func (b *bench) wantNothing() {
	b.Helper()
	b.want("testers", b.list(), []beta.Tester(nil))
	b.want("mail", b.claim("c", 10), []beta.Mail(nil))
	b.wantAddresses(map[int64]string{}, 1, 2, 3)
	b.update(func(tx beta.Tx) error {
		_, test, err := tx.LockTest(skill)
		b.want("newest test", []any{test.ID, test.Testers, test.Stored}, []any{round, 0, beta.Running})
		refused, _ := tx.Wishes(round, vendor, []string{"a@x.test"})
		b.want("suppressed", len(refused), 0)
		_, found, _ := tx.Batch("b1")
		b.want("batch found", found, false)
		b.wantError("vendor", second(tx.Vendor("V2")), beta.ErrNoRow)
		return err
	})
}

func panicOf(fn func()) (v any) {
	defer func() { v = recover() }()
	fn()
	return nil
}
