package outbox_test

import (
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

// Whatever the outbox is doing when the bell rings, the mail is sent long
// before it would look by itself.
func TestNoRingIsMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o, q := onMemory(r)
		r.run(o)
		start := time.Now()
		for n := 1; n <= 2000; n++ {
			q.queue(1)
			o.Wake()
			if n%10 == 0 { // else the next ring meets it wherever it is
				synctest.Wait()
				if _, taken := r.relay.all(); len(taken) != n {
					t.Fatalf("%d of %d mails sent after all was quiet", len(taken), n)
				}
			}
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("took %v", took)
		}
	})
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
		r := newRig(t, nil)
		o, q := onMemory(r)
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
