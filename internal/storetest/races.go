package storetest

import (
	"errors"
	"fmt"
	"time"

	"tryout/internal/beta"
)

// Rules of the domain that only a database can keep when many act at once.
var raceCases = []Case{
	{"a test never passes its cap, and each batch is all or nothing", func(b *bench) {
		s := b.service()
		b.addAs(s, names("seed", 450))
		outcomes := b.together(100, func(i int) error {
			_, err := s.AddTesters(b.ctx, owner, skill, emails(names(fmt.Sprintf("w%02d-", i), 10)))
			return err
		})
		fine := 0
		for _, err := range outcomes {
			if err == nil {
				fine++
			}
		}
		b.want("adds that were taken", fine, 5)
		b.wantBatchesWhole(s, 500)
	}},
	{"one address in three spellings is one tester and one mail", func(b *bench) {
		s := b.service()
		spellings := []string{"Anna@Bücher.example", "ANNA@BÜCHER.EXAMPLE", "anna@xn--bcher-kva.example"}
		outcomes := b.together(64, func(i int) error {
			_, err := s.AddTesters(b.ctx, owner, skill, []beta.Email{parse(spellings[i%3])})
			return err
		})
		for i, err := range outcomes {
			if err != nil {
				b.Errorf("adder %d: %v", i, err)
			}
		}
		test, _, err := s.BetaTest(b.ctx, owner, skill)
		b.ok(err)
		b.want("testers", test.Testers, 1)
		b.want("mails", len(b.claim("c", 100)), 1)
	}},
	{"who is removed at the moment they accept is not in the test", func(b *bench) {
		s := b.service()
		for i := range 20 {
			who := []beta.Email{parse(fmt.Sprintf("t%02d@x.test", i))}
			added, err := s.AddTesters(b.ctx, owner, skill, who)
			b.ok(err)
			link := beta.Link{Test: added.Test, Tester: added.Entries[0].Tester, Added: b.clock.Now().UnixMilli()}
			b.together(2, func(j int) error {
				if j == 0 {
					_, err := s.Accept(b.ctx, link, "")
					return err
				}
				_, err := s.RemoveTesters(b.ctx, owner, skill, who)
				return err
			})
			entitled, err := s.Entitled(b.ctx, owner, skill, who[0])
			b.ok(err)
			b.want("entitled", entitled, false)
		}
		test, _, err := s.BetaTest(b.ctx, owner, skill)
		b.ok(err)
		b.want("testers", test.Testers, 0)
	}},
	{"what is written to a tester and what became of their mail are both kept", withTest(func(b *bench) {
		for i := range int64(100) {
			key := fmt.Sprintf("t%02d@x.test", i)
			t, m := tester(i, key), mail(i, 0)
			t.Unsettled, m.To = beta.InvitationMail.Bit(), t.Email
			b.update(func(tx beta.Tx) error {
				b.ok(second(tx.AddTesters(round, []beta.Tester{t})))
				return tx.QueueMails([]beta.Mail{m})
			})
			b.claim("c", 1)
			for _, err := range b.together(2, func(j int) error {
				if j == 0 {
					return b.SettleMail(b.ctx, beta.Attempt{Claim: "c", Mail: m, Outcome: sent(b.clock.Now())})
				}
				return b.Update(b.ctx, func(tx beta.Tx) error {
					them, err := tx.FindTesters(round, []string{key})
					b.ok(err)
					them[0].Unsettled |= beta.FeedbackMail.Bit()
					return tx.SaveTesters(round, them)
				})
			}) {
				b.ok(err)
			}
			b.wantTester(m, beta.FeedbackMail.Bit(), false)
		}
	})},
	{"people erased at once from a test that is over are all counted out", func(b *bench) {
		s := b.service()
		b.addAs(s, names("t", 16))
		old, _, err := s.BetaTest(b.ctx, owner, skill)
		b.ok(errors.Join(err, second(s.EndTest(b.ctx, owner, skill)), s.CreateTest(b.ctx, owner, skill, "")))
		for _, err := range b.together(16, func(i int) error {
			return second(s.Forget(b.ctx, parse(fmt.Sprintf("t%04d@x.test", i))))
		}) {
			b.ok(err)
		}
		b.view(func(r beta.Reader) error {
			test, _, err := r.Test(old.ID)
			b.want("testers", test.Testers, 0)
			return err
		})
	}},
	{"who is erased at the moment they are added is not there", func(b *bench) {
		s := b.service()
		test, _, err := s.BetaTest(b.ctx, owner, skill)
		b.ok(err)
		for i := range 100 {
			who := parse(fmt.Sprintf("t%02d@x.test", i))
			for _, err := range b.together(4, func(j int) error {
				if j == 0 {
					return second(s.Forget(b.ctx, who))
				}
				return second(s.AddTesters(b.ctx, owner, skill, []beta.Email{who}))
			}) {
				b.ok(err)
			}
			b.view(func(r beta.Reader) error {
				_, found, err := r.Tester(test.ID, who.Key)
				b.want("found", found, false)
				return err
			})
		}
	}},
	{"who unsubscribes at the moment they are added elsewhere is mailed nowhere", func(b *bench) {
		s := b.service()
		b.ok(s.CreateSkill(b.ctx, beta.Skill{ID: "other", Vendor: vendor, Name: "Other"}))
		b.ok(s.CreateTest(b.ctx, owner, "other", ""))
		b.ok(second(s.StartTest(b.ctx, owner, "other")))
		b.addAs(s, names("t", 20))
		other, _, err := s.BetaTest(b.ctx, owner, "other")
		b.ok(err)
		for _, who := range emails(names("t", 20)) {
			link := b.linkOf(who)
			for _, err := range b.together(3, func(j int) error {
				if j == 0 {
					return s.Unsubscribe(b.ctx, link, false, "")
				}
				return second(s.AddTesters(b.ctx, owner, "other", []beta.Email{who}))
			}) {
				b.ok(err)
			}
			b.view(func(r beta.Reader) error {
				t, _, err := r.Tester(other.ID, who.Key)
				b.want("blocked", t.Blocked, beta.BecauseUnsubscribed)
				return err
			})
		}
	}},
	{"of who unsubscribes at the moment they are erased nothing stays", func(b *bench) {
		s := b.service()
		b.addAs(s, names("t", 50))
		for i, who := range emails(names("t", 50)) {
			link := b.linkOf(who)
			if i%2 == 0 { // a link of somebody removed holds no row
				b.ok(second(s.RemoveTesters(b.ctx, owner, skill, []beta.Email{who})))
			}
			for j, err := range b.together(8, func(j int) error {
				if j == 0 {
					return second(s.Forget(b.ctx, who))
				}
				return s.Unsubscribe(b.ctx, link, false, "")
			}) {
				var gone *beta.Error
				if j == 0 || !errors.As(err, &gone) || gone.Kind != beta.NotFound {
					b.ok(err)
				}
			}
			b.view(func(r beta.Reader) error {
				refusals, err := r.Refusals(vendor, []string{who.Key})
				b.want("refusals", len(refusals), 0)
				return err
			})
		}
	}},
	{"an expired test is ended once", func(b *bench) {
		s := b.service()
		b.addAs(s, names("t", 10))
		b.claim("c", 100)
		b.clock.Advance(91 * 24 * time.Hour)
		b.together(16, func(int) error { return second(s.Tick(b.ctx)) })
		ended := 0
		for _, m := range b.claim("d", 1000) {
			if m.Kind == beta.EndedMail {
				ended++
			}
		}
		b.want("mails of the end", ended, 10)
	}},
	{"a skill has one test that is not over", func(b *bench) {
		s := b.service()
		b.ok(second(s.EndTest(b.ctx, owner, skill)))
		created := 0
		for _, err := range b.together(16, func(int) error { return s.CreateTest(b.ctx, owner, skill, "") }) {
			if err == nil {
				created++
			}
		}
		b.want("tests created", created, 1)
	}},
}

var owner = beta.Caller{Name: "owner", Vendor: vendor, Write: true}

// service is one whose skill has a running test.
func (b *bench) service() *beta.Service {
	b.Helper()
	s := beta.NewService(b.Store, b.clock.Now, beta.Rules{}, func(beta.Place, beta.Link) string { return "" }, func() {})
	b.ok(s.CreateTest(b.ctx, owner, skill, ""))
	b.ok(second(s.StartTest(b.ctx, owner, skill)))
	return s
}

// linkOf returns the link of a tester of the skill.
func (b *bench) linkOf(who beta.Email) (l beta.Link) {
	b.Helper()
	b.view(func(r beta.Reader) error {
		_, test, err := r.SkillTest(skill)
		b.ok(err)
		t, found, err := r.Tester(test.ID, who.Key)
		b.want("found", found, true)
		l = t.Link()
		return err
	})
	return l
}

func (b *bench) addAs(s *beta.Service, names []string) {
	b.Helper()
	b.ok(second(s.AddTesters(b.ctx, owner, skill, emails(names))))
}

// wantBatchesWhole checks that the test has n testers, and those of every
// writer or none.
func (b *bench) wantBatchesWhole(s *beta.Service, n int) {
	b.Helper()
	test, _, err := s.BetaTest(b.ctx, owner, skill)
	b.ok(err)
	b.want("testers counted", test.Testers, n)
	of, listed := map[string]int{}, 0
	_, err = s.ListTesters(b.ctx, owner, skill, beta.Page{Limit: 1000}, beta.Listing{}, func(t beta.Tester, _ bool) error {
		listed++
		of[t.Email.Given[:3]]++
		return nil
	})
	b.ok(err)
	b.want("testers listed", listed, n)
	for writer, rows := range of {
		if writer != "see" && rows != 10 {
			b.Errorf("writer %s: %d of its 10 testers are there", writer, rows)
		}
	}
}

func emails(names []string) []beta.Email {
	list := make([]beta.Email, len(names))
	for i, name := range names {
		list[i] = parse(name + "@x.test")
	}
	return list
}

func parse(address string) beta.Email {
	e, err := beta.ParseEmail(address)
	if err != nil {
		panic(err)
	}
	return e
}
