package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tryout/internal/beta"
)

var testerCases = []Case{
	{"testers and mails added together may differ in anything", withTest(func(b *bench) {
		var testers []beta.Tester
		var mails []beta.Mail
		for i, name := range names("t", 9) {
			t, m := tester(int64(i+1), name+"@x.test"), mail(int64(i+1), time.Duration(i%2)*time.Second)
			if i%3 == 1 {
				t.State, t.Mails, m.Kind = beta.Declined, 2, beta.EndedMail
			}
			if i%2 == 1 {
				t.Language = "de-AT"
			}
			testers, mails = append(testers, t), append(mails, m)
		}
		b.update(func(tx beta.Tx) error {
			numbers, err := tx.AddTesters(round, testers)
			b.want("numbers", numbers, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9})
			return errors.Join(err, tx.QueueMails(mails))
		})
		b.want("testers", b.list(), testers)
		b.clock.Advance(time.Second)
		kinds := map[int64]beta.MailKind{}
		for _, m := range b.claim("c", 10) {
			kinds[m.ID.Tester] = m.Kind
		}
		for _, m := range mails {
			b.want(m.ID.String(), kinds[m.ID.Tester], m.Kind)
		}
	})},
	{"everything of a tester is kept to the millisecond", withTest(func(b *bench) {
		given := beta.Tester{
			Test: round, Number: 3, Email: beta.Email{Given: "Anna@Bücher.example", Key: "anna@xn--bcher-kva.example"},
			State: beta.Declined, AssociatedAt: Start, NotifiedAt: Start.Add(time.Millisecond), Mails: 1,
			Unsettled: beta.InvitationMail.Bit(), Language: "zh-Hant-TW",
		}
		b.update(func(tx beta.Tx) error { return second(tx.AddTesters(round, []beta.Tester{given})) })
		b.want("added", b.list(), []beta.Tester{given})
		given.State, given.NotifiedAt, given.FeedbackAt = beta.Accepted, Start.Add(2*time.Millisecond), Start.Add(3*time.Millisecond)
		given.Mails, given.Unsettled, given.Blocked = 1<<20, beta.EndedMail.Bit()|beta.ReminderMail.Bit(), beta.BecauseComplained
		b.update(func(tx beta.Tx) error { return tx.SaveTesters(round, []beta.Tester{given}) })
		b.want("saved", b.list(), []beta.Tester{given})
		b.view(func(r beta.Reader) error {
			byKey, found, err := r.Tester(round, given.Email.Key)
			b.want("by key", byKey, given)
			b.want("found by key", found, true)
			byNumber, found, _ := r.TesterByNumber(round, 3)
			b.want("by number", byNumber, given)
			b.want("found by number", found, true)
			return err
		})
	})},
	{"who is not there is not found", withTest(func(b *bench) {
		b.add(1, "a")
		b.view(func(r beta.Reader) error {
			for _, key := range []string{"", "A@x.test", "a@x.tes", "a@x.test ", "%", "a@x.test\x00"} {
				_, found, err := r.Tester(round, key)
				b.want(fmt.Sprintf("found %q", key), found, false)
				b.ok(err)
			}
			_, found, err := r.Tester(round+1, "a@x.test")
			b.want("found in another test", found, false)
			b.ok(err)
			_, found, err = r.TesterByNumber(round, 2)
			b.want("found another number", found, false)
			return err
		})
	})},
	{"adding stores who is not there and returns their numbers", withTest(func(b *bench) {
		b.add(10, "b")
		b.update(func(tx beta.Tx) error {
			numbers, err := tx.AddTesters(round, []beta.Tester{
				tester(13, "c@x.test"), tester(11, "b@x.test"), tester(12, "a@x.test"),
			})
			b.want("numbers", numbers, []int64{12, 13})
			return err
		})
		b.want("testers", b.list(), []beta.Tester{tester(12, "a@x.test"), tester(10, "b@x.test"), tester(13, "c@x.test")})
	})},
	{"a number is given once", withTest(func(b *bench) {
		want := b.add(1, "a")
		err := b.Update(b.ctx, func(tx beta.Tx) error { return second(tx.AddTesters(round, []beta.Tester{tester(1, "b@x.test")})) })
		if err == nil {
			b.Error("a number was given to two testers")
		}
		b.want("testers", b.list(), want)
	})},
	{"the same address may be in several tests", withTest(func(b *bench) {
		b.add(1, "a")
		b.update(func(tx beta.Tx) error {
			b.ok(tx.CreateTest(draft(round+1, 2)))
			numbers, err := tx.AddTesters(round+1, []beta.Tester{tester(1, "a@x.test")})
			b.want("numbers", numbers, []int64{1})
			return err
		})
	})},
	{"empty lists change nothing", withTest(func(b *bench) {
		want := b.add(1, "a")
		b.update(func(tx beta.Tx) error {
			numbers, err := tx.AddTesters(round, nil)
			b.want("added", numbers, []int64(nil))
			b.ok(err)
			found, err := tx.FindTesters(round, nil)
			b.want("found", found, []beta.Tester(nil))
			b.ok(err)
			wishes, err := tx.Wishes(round, vendor, nil)
			b.want("wishes", wishes, map[string]beta.Wish(nil))
			b.ok(err)
			known, err := tx.RememberStrangers(round, nil, Start)
			b.want("strangers", known, map[string]int64{})
			b.ok(err)
			addresses, err := tx.Addresses(round, nil)
			b.want("addresses", addresses, map[int64]beta.Email{})
			b.ok(err)
			b.ok(tx.SaveTesters(round, nil))
			b.ok(tx.RemoveTesters(round, nil, Start))
			return tx.QueueMails(nil)
		})
		b.want("testers", b.list(), want)
		b.want("mail", b.claim("c", 10), []beta.Mail(nil))
	})},
	{"saving and finding touch nobody else", withTest(func(b *bench) {
		want := b.add(1, "a", "b", "c")
		want[1].State = beta.Accepted
		b.update(func(tx beta.Tx) error {
			return tx.SaveTesters(round, want[1:2])
		})
		b.want("testers", b.list(), want)
		b.update(func(tx beta.Tx) error {
			found, err := tx.FindTesters(round, []string{"c@x.test", "a@x.test", "z@x.test", "a@x.test"})
			slices.SortFunc(found, func(s, t beta.Tester) int { return int(s.Number - t.Number) })
			b.want("found", found, []beta.Tester{want[0], want[2]})
			return err
		})
	})},
	{"keys are listed in byte order", withTest(func(b *bench) {
		keys := []string{"A", "a", "B", "b", "aa", "a.b", "a+b", "a_b", "a-b", "a~b", "a{b", "0", "9", "10", "é", "e\u0301", "ß", "日本", "\U0001f600", "\uffff", "'", "\"", "\\"}
		for i, key := range keys {
			b.add(int64(i+1), key)
		}
		var got []string
		for _, t := range b.list() {
			got = append(got, t.Email.Key)
		}
		for i := range keys {
			keys[i] += "@x.test"
		}
		b.want("keys", got, byteOrder(keys))
	})},
	{"five hundred at once", withTest(func(b *bench) {
		want := b.add(1, names("t", 500)...)
		b.want("added", b.list(), want)
		for i := range want {
			want[i].Mails, want[i].State = i, beta.Accepted
		}
		b.update(func(tx beta.Tx) error { return tx.SaveTesters(round, want) })
		b.want("saved", b.list(), want)
		b.update(func(tx beta.Tx) error { return tx.RemoveTesters(round, want, Start) })
		b.want("left", b.list(), []beta.Tester(nil))
	})},
	{"testers after a number come by number", withTest(func(b *bench) {
		b.add(1, "d", "c", "b", "a")
		b.update(func(tx beta.Tx) error {
			got, err := tx.TestersAfter(round, 1, 2)
			b.want("two after the first", got, []beta.Tester{tester(2, "c@x.test"), tester(3, "b@x.test")})
			return err
		})
	})},
	{"a walk meets every tester who stays exactly once", withTest(walkWhileOthersComeAndGo)},
	{"yield's error ends the list and is returned", withTest(func(b *bench) {
		b.add(1, "a", "b")
		calls := 0
		err := b.View(b.ctx, func(r beta.Reader) error {
			return second(r.Testers(round, "", 10, func(beta.Tester) error { calls++; return errStop }))
		})
		b.wantError("list", err, errStop)
		b.want("calls", calls, 1)
	})},
}

// walkWhileOthersComeAndGo lists in pages. Between two pages somebody is added
// before and behind the cursor, and the row it stands on goes, if it is one of
// those.
func walkWhileOthersComeAndGo(b *bench) {
	stay := b.add(1, names("m", 40)...)
	next := int64(1000)
	for limit := 1; limit <= 41; limit += 10 {
		var met []beta.Tester
		for after := ""; ; {
			var page []beta.Tester
			page, after = b.page(after, limit)
			if after == "" {
				met = append(met, staying(page)...)
				break
			}
			last := page[len(page)-1]
			met = append(met, staying(page)...)
			b.want("the mark", after, last.Email.Key)
			b.update(func(tx beta.Tx) error {
				if last.Number >= 1000 {
					b.ok(tx.RemoveTesters(round, []beta.Tester{last}, Start))
				}
				next += 2
				return second(tx.AddTesters(round, []beta.Tester{
					tester(next, fmt.Sprintf("a%d@x.test", next)), tester(next+1, behind(after, next)),
				}))
			})
		}
		b.want(fmt.Sprintf("met in pages of %d", limit), met, stay)
	}
}

// behind is a key just behind the cursor, while it stands at one who stays.
func behind(after string, n int64) string {
	if after[0] != 'm' || len(after) > len("m0000@x.test") {
		return fmt.Sprintf("b%d@x.test", n)
	}
	return after + "0"
}

func staying(page []beta.Tester) []beta.Tester {
	return slices.DeleteFunc(page, func(t beta.Tester) bool { return t.Number >= 1000 })
}

// page lists a page and checks that each line says what is stored.
func (b *bench) page(after string, limit int) (page []beta.Tester, next string) {
	b.Helper()
	b.view(func(r beta.Reader) (err error) {
		page = nil
		var lines []beta.Tester
		next, err = r.Testers(round, after, limit, func(t beta.Tester) error {
			lines = append(lines, t)
			return nil
		})
		for _, line := range lines {
			t, _, readErr := r.Tester(round, line.Email.Given) // which are keys here
			err = errors.Join(err, readErr)
			page = append(page, t)
			t.Number, t.Email.Key, t.FeedbackAt, t.Mails = 0, "", time.Time{}, 0
			b.want("the line", line, t)
		}
		return err
	})
	return page, next
}
