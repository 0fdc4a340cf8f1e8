package outbox_test

import (
	"context"
	"sync"
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

func (q unsettling) SettleMail(ctx context.Context, attempts ...beta.Attempt) error {
	if time.Now().Before(q.until) {
		return errDead
	}
	return q.Queue.SettleMail(ctx, attempts...)
}

func TestAnOutcomeIsRecordedWhenTheDatabaseReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(time.Millisecond)
			return nil
		})
		o := r.outbox()
		o.Few = 32
		o.Queue = unsettling{o.Queue, time.Now().Add(5 * time.Minute)}
		r.run(o)
		r.add(1, 40)
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked, _ := r.relay.all(); len(asked) != o.Window {
			t.Errorf("%d messages sent whose outcome cannot be recorded, want %d", len(asked), o.Window)
		}
		if got, most := r.relay.waited(), o.Window+o.Workers; got > most {
			t.Errorf("the relay was made to wait for %d texts, want %d at most", got, most)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		checkCopies(r, 40, 0)
	})
}

// counting is a queue that keeps the most mails that were claimed and not settled.
type counting struct {
	outbox.Queue
	mu            sync.Mutex
	open, most    int
	groups, mails int
}

func (q *counting) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error) {
	mails, err := q.Queue.ClaimMail(ctx, claim, limit, lease)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open += len(mails)
	q.most = max(q.most, q.open)
	return mails, err
}

func (q *counting) SettleMail(ctx context.Context, attempts ...beta.Attempt) error {
	time.Sleep(10 * time.Millisecond) // a slow disk
	err := q.Queue.SettleMail(ctx, attempts...)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open -= len(attempts)
	q.groups, q.mails = q.groups+1, q.mails+len(attempts)
	return err
}

func TestFewAreClaimedAndSettledTogether(t *testing.T) {
	t.Parallel()
	const mails = 200
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(time.Millisecond)
			return nil
		})
		o := r.outbox()
		q := &counting{Queue: o.Queue}
		o.Queue, o.Few = q, 24
		r.run(o)
		r.add(1, mails)
		time.Sleep(time.Minute)
		synctest.Wait()
		checkCopies(r, mails, 0)
		if q.most != o.Few || q.mails != mails || q.groups > mails/2 {
			t.Errorf("%d mails were settled in %d groups, up to %d open at once; want %d, in groups, up to %d", q.mails, q.groups, q.most, mails, o.Few)
		}
	})
}
