package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

// BenchmarkAdds times adds below HTTP: the rules, the statements, the commit.
func BenchmarkAdds(b *testing.B) {
	for _, c := range []struct {
		name           string
		size, at, once int
	}{
		{"1", 1, 1, 1},
		{"1of32", 1, 1, 32},
		{"500", 500, 0, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			st := storetest.Open(b, time.Now)
			s := beta.NewService(st, time.Now, beta.Rules{Cap: 1 << 40}, func(beta.Link) string { return "" }, func() {})
			must(b, s.CreateVendor(b.Context(), beta.Vendor{ID: "V", Name: "V"}))
			var people, skills atomic.Int64
			skill := func() beta.SkillID {
				id := beta.SkillID(fmt.Sprint("skill-", skills.Add(1)))
				must(b, s.CreateSkill(b.Context(), beta.Skill{ID: id, Vendor: "V", Name: "S"}))
				must(b, s.CreateTest(b.Context(), writer, id, ""))
				_, err := s.StartTest(b.Context(), writer, id)
				must(b, err)
				return id
			}
			one := skill()
			add := func(id beta.SkillID) {
				emails := make([]beta.Email, c.size)
				for i := range emails {
					n := uint64(people.Add(1)) * 0xbf58476d1ce4e5b9
					a := fmt.Sprintf("%016x@example.com", n)
					emails[i] = beta.Email{Given: a, Key: a}
				}
				_, err := s.AddTesters(context.Background(), writer, id, emails)
				must(b, err)
			}
			b.SetParallelism(c.once)
			b.ReportAllocs()
			if c.once > 1 {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						add(one)
					}
				})
				return
			}
			for b.Loop() {
				id := one
				if c.at == 0 {
					b.StopTimer()
					id = skill()
					b.StartTimer()
				}
				add(id)
			}
		})
	}
}

var writer = beta.Caller{Name: "bench", Vendor: "V", Write: true, RequestID: "01234567-89ab-4def-8123-456789abcdef"}
