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

// What is left running when a synctest bubble ends fails the test: these prove
// too that nothing leaks.

func TestStoppingFinishesMessagesAndGivesBackTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(time.Minute) // the relay answers the final dot late
			return nil
		})
		o := r.outbox()
		o.Workers, o.Few = 3, 10
		r.add(1, 20)
		stop := r.run(o)
		synctest.Wait()
		start := time.Now()
		stop()
		if took := time.Since(start); took != time.Minute {
			t.Errorf("stopped after %v, want when the messages were finished", took)
		}
		for to, m := range r.mails() {
			taken := r.relay.copies()[to] == 1
			if taken != (m.State == beta.MailSent) || !taken && (m.State != beta.MailQueued || m.Attempts != 0 || m.DueAt.After(time.Now())) {
				t.Errorf("%s: taken %v, %+v", to, taken, m.Settlement)
			}
		}
		if n := r.inState(beta.MailSent); n != 3 {
			t.Errorf("%d sent, want the 3 under way", n)
		}
		r.run(r.outbox())
		time.Sleep(time.Hour)
		synctest.Wait()
		checkCopies(r, 20, 0)
	})
}

func TestADialogueThatStoppingBreaksOffIsHeldAgainstNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(ctx context.Context, _ mail.Message, _ int) error {
			<-ctx.Done()
			return &mail.Failure{Outcome: mail.Cut, Step: "RCPT TO", Err: ctx.Err()}
		})
		r.add(1, 4)
		for range 3 {
			stop := r.run(r.outbox())
			synctest.Wait()
			stop()
		}
		for to, m := range r.mails() {
			if m.State != beta.MailQueued || m.Attempts != 0 || m.Cuts != 0 || m.DueAt.After(time.Now()) {
				t.Errorf("%s: %+v; want queued as it was", to, m.Settlement)
			}
		}
	})
}

func TestStoppingDoesNotWaitForTheDatabaseForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Queue = unsettling{o.Queue, time.Now().Add(time.Hour)}
		r.add(1, 1)
		stop := r.run(o)
		synctest.Wait()
		start := time.Now()
		stop()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("stopped after %v", took)
		}
	})
}

func TestStoppingWhileNothingIsUnderWayIsImmediate(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*rig, *outbox.Outbox){
		"idle":   func(*rig, *outbox.Outbox) {},
		"paused": func(r *rig, _ *outbox.Outbox) { r.relay.follow(always(passwordRefused)); r.add(1, 1) },
		"faulty": func(_ *rig, o *outbox.Outbox) {
			q := &mortal{Queue: o.Queue}
			q.dead.Store(true)
			o.Queue = q
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				o := r.outbox()
				prepare(r, o)
				stop := r.run(o)
				time.Sleep(time.Second)
				synctest.Wait()
				start := time.Now()
				stop()
				if took := time.Since(start); took != 0 {
					t.Errorf("stopped after %v", took)
				}
			})
		})
	}
}
