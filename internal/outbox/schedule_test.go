package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

const day = 24 * time.Hour

// onMemory returns an outbox on a queue in memory.
func onMemory(t *testing.T, script script) (*rig, *outbox.Outbox, *memory) {
	r, q := bareRig(t, script), &memory{}
	o := r.outbox()
	o.Queue, o.Author, o.Writer, o.Workers = q, q, q, 8
	return r, o, q
}

// attempts returns when each message was handed over, by Message-ID.
func attempts(r *rig) map[string][]time.Time {
	asked, _ := r.relay.all()
	at := map[string][]time.Time{}
	for _, h := range asked {
		at[h.ID] = append(at[h.ID], h.At)
	}
	return at
}

func TestARelayThatReturnsMeetsNoHerd(t *testing.T) {
	t.Parallel()
	const mails = 300
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, always(unreachable))
		q.queue(mails)
		r.run(o)
		time.Sleep(2 * day)
		r.relay.follow(nil)
		time.Sleep(5 * time.Hour) // the longest wait and its spread
		synctest.Wait()
		_, taken := r.relay.all()
		if len(taken) != mails {
			t.Fatalf("%d of %d mails taken within five hours of the return", len(taken), mails)
		}
		minutes := map[time.Time]int{}
		for _, h := range taken {
			minutes[h.At.Truncate(time.Minute)]++
		}
		for minute, n := range minutes {
			if n > mails/15 {
				t.Errorf("%d mails in the minute of %v", n, minute)
			}
		}
		if r.relay.most > o.Workers {
			t.Errorf("%d at once, with %d workers", r.relay.most, o.Workers)
		}
	})
}

func TestGreylistedMailIsTakenAtTheFirstRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r, o, q := onMemory(t, func(context.Context, mail.Message, int) error {
			if time.Since(start) < 5*time.Minute {
				return refusal(mail.Temporary, "RCPT TO", 451, "4.7.1")
			}
			return nil
		})
		q.queue(500)
		r.run(o)
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		for i, s := range q.all() {
			if s.State != beta.MailSent || s.Attempts != 2 {
				t.Fatalf("mail %d: %+v; want sent, two attempts", i, s)
			}
		}
	})
}

// A mail that grew old in a pause, or while the server was down, has had no
// chance yet.
func TestOldMailIsNotGivenUpAtItsFirstAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, func(_ context.Context, _ mail.Message, try int) error {
			if try < 4 {
				return unreachable
			}
			return nil
		})
		q.queue(1)
		time.Sleep(6 * day)
		r.run(o)
		time.Sleep(day)
		synctest.Wait()
		if got := q.all()[0]; got.State != beta.MailSent {
			t.Errorf("got %+v; want sent", got)
		}
	})
}

// Failed would be a lie about mail whose reply was lost once.
func TestMailThatMayHaveArrivedIsGivenUpAsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, func(_ context.Context, _ mail.Message, try int) error {
			if try == 1 {
				return silence
			}
			return unreachable
		})
		q.queue(1)
		r.run(o)
		time.Sleep(6 * day)
		synctest.Wait()
		if got := q.all()[0]; got.State != beta.MailUnknown {
			t.Errorf("got %+v; want unknown", got)
		}
	})
}
