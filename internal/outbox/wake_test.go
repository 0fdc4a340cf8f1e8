package outbox_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
)

func TestMailQueuedWhileIdleIsSentAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.run(r.outbox())
		for n := 1; n <= 5; n++ {
			time.Sleep(20 * time.Minute) // well into an idle hour
			start := time.Now()
			r.add(n, n)
			synctest.Wait()
			asked, _ := r.relay.all()
			if len(asked) != n || !asked[n-1].At.Equal(start) {
				t.Fatalf("mail %d: handed over %v; want one more at %v", n, asked, start)
			}
		}
	})
}

// late is a queue to which mail comes right after it said that there is none.
type late struct {
	*memory
	after string // the question it comes after
	once  sync.Once
	wake  func()
}

func (q *late) come(question string, empty bool) {
	if empty && question == q.after {
		q.once.Do(func() {
			q.queue(1)
			q.wake()
		})
	}
}

func (q *late) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error) {
	mails, err := q.memory.ClaimMail(ctx, claim, limit, lease)
	q.come("claim", len(mails) == 0)
	return mails, err
}

func (q *late) NextMail(ctx context.Context) (time.Time, error) {
	due, err := q.memory.NextMail(ctx)
	q.come("next", due.IsZero())
	return due, err
}

func TestNoRingIsMissed(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"claim", "next"} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, o, q := onMemory(t, nil)
				o.Queue = &late{memory: q, after: after, wake: o.Wake}
				r.run(o)
				start := time.Now()
				time.Sleep(30 * time.Minute) // half of a poll
				synctest.Wait()
				_, taken := r.relay.all()
				if len(taken) != 1 || taken[0].At.Sub(start) > 20*time.Millisecond {
					t.Errorf("taken: %v; want one at %v", taken, start)
				}
			})
		})
	}
}

func TestDeferredMailGoesWhenItIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(unreachable))
		r.run(r.outbox())
		r.add(1, 20)
		synctest.Wait()
		due := r.mails()
		r.relay.follow(nil)
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		_, taken := r.relay.all()
		if len(taken) != 20 {
			t.Fatalf("%d of 20 sent", len(taken))
		}
		for _, h := range taken {
			if late := h.At.Sub(due[h.To].DueAt); late < 0 || late > 50*time.Millisecond {
				t.Errorf("%s: sent %v after it was due", h.To, late)
			}
		}
	})
}

// Mail that another process queued rings no bell here.
func TestAnIdleOutboxLooksNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, nil)
		o.Poll = 0 // the default
		r.run(o)
		time.Sleep(time.Hour)
		synctest.Wait()
		if claims, nexts := q.asked(); claims != 1 || nexts > 3600/5+1 {
			t.Errorf("an idle hour took %d claims and %d looks", claims, nexts)
		}
		q.queue(1)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := q.all()[0]; got.State != beta.MailSent {
			t.Errorf("got %+v; want sent", got)
		}
	})
}

func TestWakeMayComeBeforeRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Wake()
		o.Wake()
		r.run(o)
		r.add(1, 1)
		synctest.Wait()
		checkCopies(r, 1, 0)
	})
}
