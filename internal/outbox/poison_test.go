package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

// choking is a writer that cannot write to t1.
type choking struct {
	outbox.Writer
	choke func(l beta.Letter) error
}

func (w choking) Write(l beta.Letter, now time.Time) (mail.Message, error) {
	if l.To.Key == address(1) {
		return mail.Message{}, w.choke(l)
	}
	return w.Writer.Write(l, now)
}

func TestAMailThatCannotBeWrittenFailsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Writer = choking{o.Writer, func(beta.Letter) error { return errors.New("no words") }}
		r.run(o)
		r.add(1, 20)
		synctest.Wait()
		poison := r.mails()[address(1)]
		if poison.State != beta.MailFailed || poison.Reply.Step != "write" || poison.Reply.Text != "no words" || poison.Undeliverable {
			t.Errorf("got %+v; want failed with the reason", poison)
		}
		if n := r.inState(beta.MailSent); n != 19 {
			t.Errorf("%d of 19 others sent at once", n)
		}
	})
}

// A panic is a fault of ours that a newer version may not have: the mail is
// tried by the schedule like any other.
func TestAPanicStopsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Writer = choking{o.Writer, func(l beta.Letter) error { panic(fmt.Sprint("what is ", l.To.Given)) }}
		r.run(o)
		r.add(1, 20)
		synctest.Wait()
		poison := r.mails()[address(1)]
		if poison.State != beta.MailDeferred || poison.Attempts != 1 || poison.Reply.Text == "" {
			t.Errorf("got %+v; want deferred", poison)
		}
		if n := r.inState(beta.MailSent); n != 19 {
			t.Errorf("%d of 19 others sent at once", n)
		}
		if !strings.Contains(r.log.String(), "poison_test.go") {
			t.Errorf("the log does not say where:\n%s", r.log)
		}
		time.Sleep(6 * day)
		synctest.Wait()
		if poison := r.mails()[address(1)]; poison.State != beta.MailFailed || poison.Reply.Text == "" {
			t.Errorf("got %+v; want failed with a reason", poison)
		}
	})
}

// forgetful is an author that cannot say what a mail is about, for a while.
type forgetful struct {
	outbox.Author
	until time.Time
}

func (a forgetful) Letter(ctx context.Context, m beta.Mail) (beta.Letter, bool, error) {
	if time.Now().Before(a.until) {
		return beta.Letter{}, false, errDead
	}
	return a.Author.Letter(ctx, m)
}

func TestMailWaitsForItsLetter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		until time.Duration
		want  beta.MailState
	}{"a while": {time.Hour, beta.MailSent}, "too long": {10 * day, beta.MailFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				o := r.outbox()
				o.Author = forgetful{o.Author, time.Now().Add(test.until)}
				r.run(o)
				r.add(1, 1)
				time.Sleep(6 * day)
				synctest.Wait()
				if got := r.mails()[address(1)]; got.State != test.want {
					t.Errorf("got %+v; want %s", got, test.want)
				}
			})
		})
	}
}
