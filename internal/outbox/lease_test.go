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

// Whatever time a relay takes, a claim does not lapse under a message: the next
// ones of the same claim are given back rather than begun late.
func TestASlowRelayIsNotSentTheSameMailTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(9 * time.Minute)
			return nil
		})
		for range 2 {
			o := r.outbox()
			o.Workers, o.Few = 2, 8
			r.run(o)
		}
		r.add(1, 24)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		checkCopies(r, 24, 0)
		for to, m := range r.mails() {
			if m.Attempts != 1 {
				t.Errorf("%s: %d attempts counted, want 1", to, m.Attempts)
			}
		}
	})
}

func TestAnAttemptIsBrokenOffInTheMiddleOfItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var after time.Duration
		r := newRig(t, func(ctx context.Context, _ mail.Message, try int) error {
			if try > 1 {
				return nil
			}
			<-ctx.Done()
			after = time.Since(start)
			return &mail.Failure{Outcome: mail.Cut, Step: "EHLO", Err: ctx.Err()}
		})
		r.run(r.outbox())
		r.add(1, 1)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if after != 5*time.Minute {
			t.Errorf("broken off after %v, want 5m", after)
		}
		checkCopies(r, 1, 0)
	})
}

// unsettling is a queue that cannot record for a while.
type unsettling struct {
	outbox.Queue
	until time.Time
}

func (q unsettling) SettleMail(ctx context.Context, claim string, m beta.Mail, s beta.Settlement) error {
	if time.Now().Before(q.until) {
		return errDead
	}
	return q.Queue.SettleMail(ctx, claim, m, s)
}

func TestAnOutcomeIsRecordedWhenTheDatabaseReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Queue = unsettling{o.Queue, time.Now().Add(5 * time.Minute)}
		r.run(o)
		r.add(1, 10)
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked, _ := r.relay.all(); len(asked) != o.Workers {
			t.Errorf("%d messages sent whose outcome cannot be recorded, want %d", len(asked), o.Workers)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		checkCopies(r, 10, 0)
	})
}
