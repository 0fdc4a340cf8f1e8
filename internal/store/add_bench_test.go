package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// BenchmarkAdds times adds below HTTP: rules, statements and commits; by one
// caller, by many who share commits, and of 500 to a test of their own.
func BenchmarkAdds(b *testing.B) {
	b.Run("1", func(b *testing.B) {
		a := newAdder(b)
		skill := a.skill()
		for b.Loop() {
			a.add(skill, a.people(1))
		}
	})
	b.Run("1of32", func(b *testing.B) {
		a := newAdder(b)
		skill := a.skill()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				a.add(skill, a.people(1))
			}
		})
	})
	b.Run("500", func(b *testing.B) {
		a := newAdder(b)
		for b.Loop() {
			b.StopTimer()
			skill, people := a.skill(), a.people(500)
			b.StartTimer()
			a.add(skill, people)
		}
	})
}

// adder adds strangers to skills of one vendor.
type adder struct {
	*testing.B
	*beta.Service
	store          *store.Store
	by             beta.Caller
	skills, number atomic.Uint64
}

func newAdder(b *testing.B) *adder {
	s := storetest.Open(b, time.Now)
	link := func(beta.Place, beta.Link) string { return "" }
	a := &adder{
		B: b, store: s, Service: beta.NewService(s, time.Now, beta.Rules{Cap: 1 << 40}, link, func() {}),
		by: beta.Caller{Name: "bench", Vendor: "V", Write: true, RequestID: "01234567-89ab-4def-8123-456789abcdef"},
	}
	must(b, a.CreateVendor(b.Context(), beta.Vendor{ID: "V", Name: "V"}))
	b.ReportAllocs()
	return a
}

// skill makes a skill whose test runs.
func (a *adder) skill() beta.SkillID {
	id := beta.SkillID(fmt.Sprint("skill-", a.skills.Add(1)))
	must(a, a.CreateSkill(context.Background(), beta.Skill{ID: id, Vendor: "V", Name: "S"}))
	must(a, a.CreateTest(context.Background(), a.by, id, ""))
	must(a, second(a.StartTest(context.Background(), a.by, id)))
	return id
}

// people returns n addresses that were not returned before and come in no order.
func (a *adder) people(n int) []beta.Email {
	list := make([]beta.Email, n)
	for i := range list {
		address := fmt.Sprintf("%016x@example.com", a.number.Add(1)*0xbf58476d1ce4e5b9)
		list[i] = beta.Email{Given: address, Key: address}
	}
	return list
}

func (a *adder) add(skill beta.SkillID, people []beta.Email) {
	if _, err := a.AddTesters(context.Background(), a.by, skill, people); err != nil {
		a.Error(err)
	}
}
