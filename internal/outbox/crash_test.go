package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

// mortal is a queue whose process can die: nothing gets through any more.
type mortal struct {
	outbox.Queue
	dead atomic.Bool
}

var errDead = errors.New("dead")

func (q *mortal) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error) {
	if q.dead.Load() {
		return nil, errDead
	}
	return q.Queue.ClaimMail(ctx, claim, limit, lease)
}

func (q *mortal) SettleMail(ctx context.Context, attempts ...beta.Attempt) error {
	if q.dead.Load() {
		return errDead
	}
	return q.Queue.SettleMail(ctx, attempts...)
}

// checkCopies requires that everybody was sent one message, and at most
// duplicates of them a second one.
func checkCopies(r *rig, mails, duplicates int) {
	r.Helper()
	copies, twice := r.relay.copies(), 0
	for n := 1; n <= mails; n++ {
		switch c := copies[address(n)]; c {
		case 0:
			r.Errorf("%s: lost", address(n))
		case 1:
		case 2:
			twice++
		default:
			r.Errorf("%s: %d copies", address(n), c)
		}
	}
	if twice > duplicates {
		r.Errorf("%d mails were sent twice; at most %d may be", twice, duplicates)
	}
	if sent := r.inState(beta.MailSent); sent != mails {
		r.Errorf("%d of %d mails settled as sent", sent, mails)
	}
}

func TestARelayThatDiesAfterAMessageCostsAtMostOneCopy(t *testing.T) {
	t.Parallel()
	const mails = 60
	for _, k := range []int64{1, mails / 2, mails} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				start := time.Now()
				r := newRig(t, func(context.Context, mail.Message, int) error {
					switch n := taken.Add(1); {
					case n == k:
						return silence
					case n > k && time.Since(start) < 3*time.Minute:
						return unreachable
					}
					return nil
				})
				r.add(1, mails)
				r.run(r.outbox())
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				checkCopies(r, mails, 1)
			})
		})
	}
}

func TestAProcessThatDiesLosesNothing(t *testing.T) {
	t.Parallel()
	const mails = 40
	for _, k := range []int64{1, mails / 2, mails} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &mortal{}
				var taken atomic.Int64
				r := newRig(t, func(context.Context, mail.Message, int) error {
					n := taken.Add(1)
					if n == k {
						q.dead.Store(true)
					}
					if n > k && q.dead.Load() {
						return cutOff
					}
					return nil
				})
				r.add(1, mails)
				o := r.outbox()
				q.Queue, o.Queue = o.Queue, q
				stop := r.run(o)
				synctest.Wait()
				stop()
				q.dead.Store(false)
				r.run(r.outbox())
				time.Sleep(time.Hour)
				synctest.Wait()
				checkCopies(r, mails, o.Window) // what was taken and not yet settled
			})
		})
	}
}

func TestTwoOutboxesNeverSendTheSameMail(t *testing.T) {
	t.Parallel()
	const mails = 80
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(time.Second)
			return nil
		})
		r.run(r.outbox())
		r.run(r.outbox())
		r.add(1, mails)
		time.Sleep(time.Minute)
		synctest.Wait()
		checkCopies(r, mails, 0)
		if r.relay.most != 8 {
			t.Errorf("at most %d at once; want both to work", r.relay.most)
		}
	})
}

func TestAClaimThatLapsedIsClaimedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.add(1, 3)
		claimed, err := r.store.ClaimMail(t.Context(), "of the dead", 2, 10*time.Minute)
		r.must(err)
		r.run(r.outbox())
		synctest.Wait()
		if n := len(r.relay.copies()); n != 1 {
			t.Errorf("%d sent while two are claimed by another; want 1", n)
		}
		time.Sleep(10*time.Minute + 100*time.Millisecond)
		synctest.Wait()
		checkCopies(r, 3, 0)
		late := beta.Settlement{State: beta.MailFailed, SettledAt: time.Now()}
		r.must(r.store.SettleMail(t.Context(), beta.Attempt{Claim: "of the dead", Mail: claimed[0], Outcome: late}))
		if n := r.inState(beta.MailSent); n != 3 {
			t.Errorf("%d sent after a late word of the dead; want 3", n)
		}
	})
}
