package store_test

import (
	"fmt"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
)

// BenchmarkDelivery times what the outbox has the database remember of each
// mail, by how many are recorded together: the claim, of 24 as in life, and
// that it was sent.
func BenchmarkDelivery(b *testing.B) {
	for _, together := range []int{1, 3, 8, 24} {
		b.Run(fmt.Sprint("settled-by-", together), func(b *testing.B) {
			a := newAdder(b)
			for b.Loop() {
				b.StopTimer()
				a.add(a.skill(), a.people(480))
				b.StartTimer()
				deliver(b, a.store, together)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/480, "µs/mail")
		})
	}
}

// deliver claims all that is due and settles it as sent.
func deliver(b *testing.B, s *store.Store, together int) {
	for {
		mails, err := s.ClaimMail(b.Context(), "0123456789abcdef", 24, time.Minute)
		must(b, err)
		if len(mails) == 0 {
			return
		}
		for len(mails) > 0 {
			n := min(together, len(mails))
			must(b, s.SettleMail(b.Context(), attempts(mails[:n])...))
			mails = mails[n:]
		}
	}
}

func attempts(mails []beta.Mail) (list []beta.Attempt) {
	now := time.Now()
	for _, m := range mails {
		list = append(list, beta.Attempt{Claim: "0123456789abcdef", Mail: m, Outcome: beta.Settlement{
			State: beta.MailSent, SettledAt: now, Attempts: 1, DueAt: now,
			Reply: beta.Reply{At: now, State: beta.MailSent, Relay: "127.0.0.1:25", Step: "data", Code: 250, Enhanced: "2.0.0", Text: "OK queued as 0123456789", QueueID: "0123456789"},
		}})
	}
	return list
}
