package storetest

import (
	"fmt"
	"sync"

	"tryout/internal/beta"
)

// Writes that wait together may share a commit; each has an outcome of its own.
var groupCases = []Case{
	{"each of many at once has its own outcome", withTest(func(b *bench) {
		outcomes := b.together(64, func(i int) error {
			return b.Update(b.ctx, func(tx beta.Tx) error {
				_, err := tx.AddTesters(round, []beta.Tester{tester(int64(i), fmt.Sprintf("t%02d@x.test", i))})
				if i%3 == 0 {
					return fmt.Errorf("writer %d: %w", i, errStop)
				}
				return err
			})
		})
		stored := map[int64]bool{}
		for _, t := range b.list() {
			stored[t.Number] = true
		}
		for i, err := range outcomes {
			failed := i%3 == 0
			if (err != nil) != failed || stored[int64(i)] == failed {
				b.Errorf("writer %d: got error %v, stored %v; want failed %v", i, err, stored[int64(i)], failed)
			}
			if failed && err.Error() != fmt.Sprintf("writer %d: %v", i, errStop) {
				b.Errorf("writer %d: got the error %v, want its own", i, err)
			}
		}
	})},
	{"who panics or breaks a rule of the schema harms no other", withTest(func(b *bench) {
		outcomes := b.together(64, func(i int) error {
			return outcomeOf(func() error {
				return b.Update(b.ctx, func(tx beta.Tx) error {
					b.addIn(tx, int64(i), fmt.Sprintf("t%02d", i))
					switch i % 4 {
					case 1:
						panic(i)
					case 2:
						return tx.CreateTest(draft(round, 1)) // there is one
					}
					return nil
				})
			})
		})
		for i, err := range outcomes {
			if got, want := err == nil, i%4 == 0 || i%4 == 3; got != want {
				b.Errorf("writer %d: got %v, want success %v", i, err, want)
			}
		}
		b.want("testers", len(b.list()), 32)
	})},
}

// together runs n writers that all wait for the same moment, and returns what
// became of each.
func (b *bench) together(n int, write func(i int) error) []error {
	b.Helper()
	outcomes := make([]error, n)
	var writers sync.WaitGroup
	begin := sync.OnceFunc(func() {
		for i := range n {
			writers.Go(func() { outcomes[i] = write(i) })
		}
	})
	b.update(func(beta.Tx) error { // holds the writer, so that the others gather; it may be run again
		begin()
		return nil
	})
	writers.Wait()
	return outcomes
}

// outcomeOf turns a panic into an error.
func outcomeOf(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return fn()
}
