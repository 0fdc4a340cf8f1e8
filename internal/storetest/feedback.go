package storetest

import (
	"strings"
	"time"

	"tryout/internal/beta"
)

var feedbackCases = []Case{
	{"everything of feedback is kept", withTest(func(b *bench) {
		want := note(1<<40, 3, "=1+1\n\t\u202e\U0001F600 \"'", Start.Add(time.Millisecond))
		want.Rating = 5
		bare := note(1<<40, 7, "", Start)
		bare.Kind, bare.Text = beta.DeclineReason, strings.Repeat("ü", 4000)
		b.note(bare, want)
		b.view(func(r beta.Reader) error {
			got, err := r.TesterFeedback(round, 1<<40)
			b.want("of the tester", got, []beta.Feedback{want, bare})
			none, _ := r.TesterFeedback(round+1, 1<<40)
			b.want("in another test", none, []beta.Feedback(nil))
			return err
		})
	})},
	{"feedback is read from the newest on, each once", withTest(func(b *bench) {
		later := Start.Add(time.Second)
		want := []beta.Feedback{note(2, 9, "g", later), note(2, 1, "f", later), note(1, 5, "e", later), note(9, 2, "d", Start), note(9, 1, "c", Start), note(3, 1, "b", Start), note(1, 1, "a", Start)}
		for _, i := range []int{3, 0, 6, 2, 5, 1, 4} {
			b.note(want[i])
		}
		other := note(1, 1, "of another test", later)
		other.ID.Test++
		b.note(other)
		for limit := 1; limit <= len(want)+1; limit++ {
			b.want("walk", b.walkFeedback(limit), want)
		}
	})},
	{"the same number twice is refused", withTest(func(b *bench) {
		b.note(note(1, 1, "a", Start))
		if err := b.Update(b.ctx, func(tx beta.Tx) error { return tx.AddFeedback(note(1, 1, "b", Start)) }); err == nil {
			b.Error("feedback was overwritten")
		}
		b.want("kept", b.walkFeedback(5), []beta.Feedback{note(1, 1, "a", Start)})
	})},
	{"a test is found by its round", withTest(func(b *bench) {
		b.view(func(r beta.Reader) error {
			test, found, err := r.TestOfRound(skill, 1)
			b.want("the first", []any{test.ID, found}, []any{round, true})
			_, found, _ = r.TestOfRound(skill, 2)
			b.want("the second", found, false)
			_, found, _ = r.TestOfRound("other", 1)
			b.want("of another skill", found, false)
			return err
		})
	})},
	{"the way of forwarded feedback leaves its author alone", withTest(func(b *bench) {
		t := tester(1, "a@x.test")
		t.Unsettled = beta.InvitationMail.Bit()
		b.update(func(tx beta.Tx) error { return second(tx.AddTesters(round, []beta.Tester{t})) })
		forward := mail(1, 0)
		forward.Kind, forward.To = beta.ForwardMail, t.Email // the developer's address is the tester's
		b.queue(forward)
		refused := sent(b.clock.Now())
		refused.State, refused.Undeliverable = beta.MailFailed, true
		b.settle("c", b.claim("c", 10)[0], refused)
		b.want("tester", b.list(), []beta.Tester{t})
	})},
}

func note(number int64, seq int, text string, at time.Time) beta.Feedback {
	return beta.Feedback{ID: beta.MailID{Test: round, Tester: number, Seq: seq}, Kind: beta.Opinion, Text: text, At: at}
}

func (b *bench) note(list ...beta.Feedback) {
	b.Helper()
	b.update(func(tx beta.Tx) error {
		for _, f := range list {
			if err := tx.AddFeedback(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// walkFeedback reads all feedback of the round, page by page.
func (b *bench) walkFeedback(limit int) (all []beta.Feedback) {
	b.Helper()
	for after := (beta.FeedbackMark{}); ; after = all[len(all)-1].Mark() {
		var page []beta.Feedback
		b.view(func(r beta.Reader) (err error) {
			page, err = r.Feedback(round, after, limit)
			return err
		})
		all = append(all, page...)
		if len(page) < limit || len(all) > 100 { // else it goes round in circles
			return all
		}
	}
}
