package outbox_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

var passwordRefused = refusal(mail.Misconfigured, "AUTH", 535, "5.7.8")

// bursts returns the times between the bursts of attempts, and how many
// attempts the largest burst had.
func bursts(r *rig) (gaps []time.Duration, most int) {
	asked, _ := r.relay.all()
	n := 0
	for i, h := range asked {
		if i > 0 {
			if gap := h.At.Sub(asked[i-1].At).Round(time.Second); gap > 0 {
				gaps, n = append(gaps, gap), 0
			}
		}
		n++
		most = max(most, n)
	}
	return gaps, most
}

func TestARelayThatRefusesUsPausesEverybodyLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(passwordRefused))
		o := r.outbox()
		r.run(o)
		r.add(1, 20)
		time.Sleep(45 * time.Minute)
		synctest.Wait()
		gaps, most := bursts(r)
		want := []time.Duration{30, 60, 120, 240, 480, 600, 600}
		for i, gap := range gaps {
			if i < len(want) && gap != want[i]*time.Second {
				t.Errorf("pause %d: %v, want %v", i, gap, want[i]*time.Second)
			}
		}
		if len(gaps) < len(want) || most > o.Workers {
			t.Errorf("%d pauses, up to %d attempts between two", len(gaps), most)
		}
		if said := strings.Count(r.log.String(), "delivery pauses"); said != len(gaps)+1 {
			t.Errorf("said %d times in %d pauses", said, len(gaps)+1)
		}
		for to, m := range r.mails() {
			if m.State != beta.MailQueued || m.Attempts != 0 {
				t.Errorf("%s: %+v; want queued, no attempt", to, m.Settlement)
			}
		}
	})
}

func TestAPauseEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, always(passwordRefused))
		q.queue(20)
		r.run(o)
		time.Sleep(6 * day) // longer than mail is tried
		r.relay.follow(nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i, s := range q.all() {
			if s.State != beta.MailSent || s.Attempts != 1 {
				t.Errorf("mail %d after the longest pause: %+v; want sent", i, s)
			}
		}
	})
}

func TestASuccessMakesTheNextPauseShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, func(_ context.Context, _ mail.Message, try int) error {
			if try <= 5 {
				return passwordRefused
			}
			return nil
		})
		r.run(o)
		for range 2 {
			q.queue(1)
			o.Wake()
			time.Sleep(time.Hour)
		}
		gaps, _ := bursts(r)
		if len(gaps) != 11 || gaps[0] != 30*time.Second || gaps[6] != 30*time.Second || gaps[10] != 8*time.Minute {
			t.Errorf("gaps: %v", gaps)
		}
	})
}

func TestARelayThatCutsEveryConnectionIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(cutOff))
		o := r.outbox()
		r.run(o)
		r.add(1, 60)
		time.Sleep(time.Hour)
		synctest.Wait()
		if asked, _ := r.relay.all(); len(asked) > 9*(5+o.Workers) {
			t.Errorf("%d attempts in an hour", len(asked))
		}
		r.relay.follow(nil)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if n := r.inState(beta.MailSent); n != 60 {
			t.Errorf("%d of 60 sent after the relay came back", n)
		}
	})
}

func TestOneMailThatIsCutHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ context.Context, m mail.Message, _ int) error {
			if m.To == address(1) {
				return cutOff
			}
			return nil
		})
		r.run(r.outbox())
		for n := 1; n <= 12; n++ {
			start := time.Now()
			r.add(n, n)
			synctest.Wait()
			if sent := r.inState(beta.MailSent); sent != n-1 {
				t.Fatalf("%d of %d others sent at once", sent, n-1)
			}
			time.Sleep(time.Minute - time.Since(start))
		}
	})
}
