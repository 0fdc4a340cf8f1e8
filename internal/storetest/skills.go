package storetest

import (
	"fmt"
	"time"

	"tryout/internal/beta"
)

var skillCases = []Case{
	{"a vendor is stored once", func(b *bench) {
		b.update(func(tx beta.Tx) error {
			created, err := tx.CreateVendor(beta.Vendor{ID: "V2", Name: "Umbrella"}, Start)
			b.want("created", created, true)
			return err
		})
		b.update(func(tx beta.Tx) error {
			created, err := tx.CreateVendor(beta.Vendor{ID: "V2", Name: "Other"}, Start)
			b.want("created again", created, false)
			return err
		})
		b.view(func(r beta.Reader) error {
			v, err := r.Vendor("V2")
			b.want("vendor", v, beta.Vendor{ID: "V2", Name: "Umbrella"})
			b.wantError("unknown vendor", second(r.Vendor("v2")), beta.ErrNoRow)
			return err
		})
	}},
	{"a skill is stored once, with its vendor", func(b *bench) {
		want := beta.Skill{ID: "S2", Vendor: vendor, Name: `It's "quoted" <&> 😀`, CreatedAt: Start.Add(time.Millisecond)}
		b.update(func(tx beta.Tx) error {
			created, err := tx.CreateSkill(want)
			b.want("created", created, true)
			return err
		})
		b.update(func(tx beta.Tx) error {
			created, err := tx.CreateSkill(beta.Skill{ID: "S2", Vendor: vendor, Name: "Other"})
			b.want("created again", created, false)
			return err
		})
		b.view(func(r beta.Reader) error {
			s, v, err := r.Skill("S2")
			b.want("skill", s, want)
			b.want("vendor", v, beta.Vendor{ID: vendor, Name: "Acme"})
			_, _, unknown := r.Skill("s2")
			b.wantError("unknown skill", unknown, beta.ErrNoRow)
			return err
		})
	}},
	{"what cannot be text names nobody", withTest(func(b *bench) {
		b.view(func(r beta.Reader) error {
			for _, id := range []beta.SkillID{"S1\x00", "\xff", ""} {
				_, _, err := r.Skill(id)
				b.wantError(fmt.Sprintf("skill %q", id), err, beta.ErrNoRow)
			}
			_, found, err := r.Tester(round, "a@x.test\x00")
			b.want("tester found", found, false)
			return err
		})
	})},
	{"a skill needs its vendor", func(b *bench) {
		err := b.Update(b.ctx, func(tx beta.Tx) error {
			return second(tx.CreateSkill(beta.Skill{ID: "S2", Vendor: "nobody", Name: "Orphan"}))
		})
		if err == nil {
			b.Error("a skill of no vendor was stored")
		}
	}},
	{"skills come in byte order, page by page", func(b *bench) {
		// S1 is there from the start, and another vendor's is never listed.
		order := []beta.SkillID{"A", "AA", "S1", "Z", "a", "a/b", "ab", "z", "é", "e\u0301", "ß", "日本", "\U0001f600"}
		b.update(func(tx beta.Tx) error {
			if _, err := tx.CreateVendor(beta.Vendor{ID: "V2", Name: "Umbrella"}, Start); err != nil {
				return err
			}
			b.ok(second(tx.CreateSkill(beta.Skill{ID: "B", Vendor: "V2", Name: "foreign"})))
			for i := range order {
				b.ok(second(tx.CreateSkill(beta.Skill{ID: order[len(order)-1-i], Vendor: vendor, Name: "Quiz", CreatedAt: Start})))
			}
			return nil
		})
		for limit := 1; limit <= len(order)+1; limit++ {
			b.want("skills", b.skills(limit), byteOrder(order))
		}
	}},
	{"a vendor without skills has none", func(b *bench) {
		b.view(func(r beta.Reader) error {
			list, err := r.Skills("nobody", "", 10)
			b.want("skills", list, []beta.Skill(nil))
			return err
		})
	}},
}

// skills walks the vendor's skills in pages of limit.
func (b *bench) skills(limit int) (ids []beta.SkillID) {
	b.Helper()
	var after beta.SkillID
	for {
		var page []beta.Skill
		b.view(func(r beta.Reader) (err error) {
			page, err = r.Skills(vendor, after, limit)
			return err
		})
		if len(page) == 0 {
			return ids
		}
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		after = page[len(page)-1].ID
	}
}
