package store_test

import (
	"context"
	"sync"
	"testing"

	"tryout/internal/beta"
)

// BenchmarkForget times the erasure of somebody who is in two tests among
// 10,000, each of which has testers of its own.
func BenchmarkForget(b *testing.B) {
	a := newAdder(b)
	var skills [10_000]beta.SkillID
	var makers sync.WaitGroup
	for n := range 50 { // who share commits
		makers.Go(func() {
			for i := n; i < len(skills); i += 50 {
				skills[i] = a.skill()
				a.add(skills[i], a.people(10))
			}
		})
	}
	makers.Wait()
	for b.Loop() {
		b.StopTimer()
		person := a.people(1)
		a.add(skills[1], person)
		a.add(skills[len(skills)-1], person)
		b.StartTimer()
		if n, err := a.Forget(context.Background(), person[0]); n != 2 || err != nil {
			b.Fatalf("erased from %d tests, %v", n, err)
		}
	}
}
