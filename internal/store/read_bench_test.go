package store_test

import (
	"fmt"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

// BenchmarkReads times what requests are made of, inside one transaction.
func BenchmarkReads(b *testing.B) {
	s := storetest.Open(b, time.Now)
	const skill, test = beta.SkillID("skill"), beta.TestID(1)
	must(b, s.Update(b.Context(), func(tx beta.Tx) error {
		return populate(tx, skill, test)
	}))
	for name, read := range map[string]func(beta.Reader) error{
		"SkillTest": func(r beta.Reader) error { _, _, err := r.SkillTest(skill); return err },
		"Skill":     func(r beta.Reader) error { _, _, err := r.Skill(skill); return err },
		"Tester":    func(r beta.Reader) error { _, _, err := r.Tester(test, "t0500@x.test"); return err },
		"Page100": func(r beta.Reader) error {
			_, err := r.Testers(test, "t0500@x.test", 100, func(beta.Tester) error { return nil })
			return err
		},
		"Next500":  func(r beta.Reader) error { _, err := r.TestersAfter(test, 300, 10); return err },
		"DueTests": func(r beta.Reader) error { _, err := r.DueTests(time.Now(), 1); return err },
		"Batch":    func(r beta.Reader) error { _, _, err := r.Batch("none"); return err },
	} {
		b.Run(name, func(b *testing.B) {
			must(b, s.View(b.Context(), func(r beta.Reader) (err error) {
				for b.Loop() {
					err = read(r)
				}
				return err
			}))
		})
	}
	b.Run("NextMail", func(b *testing.B) {
		for b.Loop() {
			_, err := s.NextMail(b.Context())
			must(b, err)
		}
	})
	b.Run("ClaimNone", func(b *testing.B) {
		for b.Loop() {
			_, err := s.ClaimMail(b.Context(), "bench", 4, time.Minute)
			must(b, err)
		}
	})
}

func populate(tx beta.Tx, skill beta.SkillID, test beta.TestID) error {
	tx.CreateVendor(beta.Vendor{ID: "V", Name: "V"}, time.Now())
	tx.CreateSkill(beta.Skill{ID: skill, Vendor: "V", Name: "S"})
	if err := tx.CreateTest(beta.Test{ID: test, Skill: skill, Round: 1, Stored: beta.Running}); err != nil {
		return err
	}
	testers := make([]beta.Tester, 1000)
	for i := range testers {
		e, err := beta.ParseEmail(fmt.Sprintf("t%04d@x.test", i))
		if err != nil {
			return err
		}
		testers[i] = beta.Tester{Test: test, Number: int64(i + 1), Email: e, State: beta.Invited, AssociatedAt: time.Now()}
	}
	_, err := tx.AddTesters(test, testers)
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
