package storetest

import (
	"slices"
	"time"

	"tryout/internal/beta"
)

var testCases = []Case{
	{"a skill without a test has a zero one", func(b *bench) {
		b.view(func(r beta.Reader) error {
			s, test, err := r.SkillTest(skill)
			b.want("skill", s, beta.Skill{ID: skill, Vendor: vendor, Name: "Quiz", CreatedAt: Start})
			b.want("test", test, beta.Test{})
			_, _, unknown := r.SkillTest("unknown")
			b.wantError("unknown skill", unknown, beta.ErrNoRow)
			return err
		})
		b.update(func(tx beta.Tx) error {
			_, _, unknown := tx.LockTest("unknown")
			b.wantError("locking an unknown skill", unknown, beta.ErrNoRow)
			_, _, err := tx.LockTest(skill)
			return err
		})
	}},
	{"everything of a test is kept to the millisecond", func(b *bench) {
		b.update(func(tx beta.Tx) error { return tx.CreateTest(draft(7, 1)) })
		want := beta.Test{
			ID: 7, Skill: skill, Round: 1, Stored: beta.Stopping, FeedbackEmail: "Fb+1@bücher.example",
			CreatedAt: Start, ExpiresAt: Start.Add(time.Millisecond), EndedAt: Start.Add(999 * time.Millisecond),
			Testers: 500, Numbers: 1 << 40, Queued: 1<<40 - 1,
		}
		b.update(func(tx beta.Tx) error { return tx.SaveTest(want) })
		b.view(func(r beta.Reader) error {
			test, found, err := r.Test(7)
			b.want("test", test, want)
			b.want("found", found, true)
			_, newest, _ := r.SkillTest(skill)
			b.want("newest test", newest, want)
			_, found, _ = r.Test(8)
			b.want("another found", found, false)
			return err
		})
		b.update(func(tx beta.Tx) error {
			_, locked, err := tx.LockTest(skill)
			b.want("locked test", locked, want)
			return err
		})
	}},
	{"the newest round is the skill's, the others stay", func(b *bench) {
		// Ids do not decide it: the second may be the smaller.
		b.update(func(tx beta.Tx) error { return tx.CreateTest(draft(9, 1)) })
		b.update(func(tx beta.Tx) error { return tx.CreateTest(draft(8, 2)) })
		b.view(func(r beta.Reader) error {
			_, newest, err := r.SkillTest(skill)
			b.want("newest", newest.ID, beta.TestID(8))
			old, found, _ := r.Test(9)
			b.want("old", old, draft(9, 1))
			b.want("old found", found, true)
			return err
		})
	}},
	{"a round is stored once", func(b *bench) {
		b.update(func(tx beta.Tx) error { return tx.CreateTest(draft(9, 1)) })
		if err := b.Update(b.ctx, func(tx beta.Tx) error { return tx.CreateTest(draft(10, 1)) }); err == nil {
			b.Error("a second first round was stored")
		}
		b.view(func(r beta.Reader) error {
			_, newest, err := r.SkillTest(skill)
			b.want("newest", newest.ID, beta.TestID(9))
			return err
		})
	}},
	{"due are those whose time is up, and those in between", func(b *bench) {
		// By name: what is stored, and when it expires.
		states := map[beta.TestID]beta.Test{
			1: {Stored: beta.InDraft},
			2: {Stored: beta.Running, ExpiresAt: Start.Add(time.Millisecond)},
			3: {Stored: beta.Running, ExpiresAt: Start},
			4: {Stored: beta.Running, ExpiresAt: Start.Add(-time.Hour)},
			5: {Stored: beta.Ended, ExpiresAt: Start.Add(-time.Hour)},
			6: {Stored: beta.Starting, ExpiresAt: Start.Add(time.Hour)},
			7: {Stored: beta.Stopping, ExpiresAt: Start.Add(time.Hour)},
		}
		b.update(func(tx beta.Tx) error {
			for id, s := range states {
				test := draft(id, int(id))
				b.ok(tx.CreateTest(test))
				test.Stored, test.ExpiresAt = s.Stored, s.ExpiresAt
				b.ok(tx.SaveTest(test))
			}
			return nil
		})
		b.want("due", b.due(100), []beta.TestID{3, 4, 6, 7})
		b.want("number due of two", len(b.due(2)), 2)
		b.clock.Advance(time.Millisecond)
		b.want("due a millisecond later", b.due(100), []beta.TestID{2, 3, 4, 6, 7})
	}},
}

func draft(id beta.TestID, n int) beta.Test {
	return beta.Test{ID: id, Skill: skill, Round: n, Stored: beta.InDraft, CreatedAt: Start}
}

func (b *bench) due(limit int) (ids []beta.TestID) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		tests, err := r.DueTests(b.clock.Now(), limit)
		for _, t := range tests {
			ids = append(ids, t.ID)
		}
		return err
	})
	slices.Sort(ids)
	return ids
}

// byteOrder returns list in the order that keys have on every database.
func byteOrder[S ~string](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
