package outbox_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/outbox"
)

// limits are how long each step of a dialogue is waited for, and whether the
// attempt counts.
var limits = []struct {
	step    string
	limit   time.Duration
	counted bool
}{
	{"banner", 30 * time.Second, false}, // which comes, a byte a second
	{"EHLO", 30 * time.Second, false},
	{"STARTTLS", 30 * time.Second, false},
	{"TLS", 30 * time.Second, false},
	{"AUTH", 30 * time.Second, false},
	{"MAIL", 30 * time.Second, true},
	{"RCPT", 30 * time.Second, true},
	{"DATA", 30 * time.Second, true},
	{"dot", 2 * time.Minute, true},
}

// A relay falls silent at a step, is waited for as long as that step has, and
// recovers: every mail arrives once. Nothing is left running, or the bubble does
// not end.
func TestARelayThatStallsAtAnyStepIsWaitedForInBoundsAndLosesNothing(t *testing.T) {
	t.Parallel()
	const mails = 20
	for _, c := range limits {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				relay, o, q := overSilent(t)
				relay.fall(c.step)
				q.queue(mails)
				stop := relay.run(o)
				time.Sleep(24 * time.Minute) // every mail was tried once or twice
				synctest.Wait()
				open, most, held, taken := relay.seen()
				if len(taken) != 0 || open > o.Workers || most > o.Workers || len(held) == 0 {
					t.Errorf("while it stalls: %d taken, %d of at most %d connections open, held %d times", len(taken), open, most, len(held))
				}
				if low, high := slices.Min(held), slices.Max(held); low < c.limit || high > c.limit+time.Second {
					t.Errorf("it was waited for %v to %v, want %v", low, high, c.limit)
				}
				relay.fall("")
				time.Sleep(12 * time.Hour)
				stop()
				relay.wantOnce(q, mails, c.counted)
			})
		})
	}
}

// Mail does not wait for a relay that says no goodbye, and neither does stopping.
func TestARelayThatStallsAtQuitHoldsUpNothing(t *testing.T) {
	t.Parallel()
	const mails = 20
	synctest.Test(t, func(t *testing.T) {
		relay, o, q := overSilent(t)
		relay.fall("QUIT")
		q.queue(mails)
		stop := relay.run(o)
		for _, after := range []time.Duration{time.Second, time.Minute} { // connections are new, then idle too long
			time.Sleep(after)
			synctest.Wait()
		}
		relay.wantOnce(q, mails, true)
		if open, most, held, _ := relay.seen(); open != 0 || most > o.Workers || slices.Max(held) > 2*time.Second {
			t.Errorf("%d of at most %d connections open; it was waited for %v", open, most, held)
		}
		q.queue(mails)
		o.Wake()
		synctest.Wait()
		begun := time.Now()
		stop()
		relay.close()
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("stopped after %v", took)
		}
	})
}

// onSilent is an outbox whose relay may fall silent.
type onSilent struct {
	*rig
	silent
	close func()
}

func overSilent(t *testing.T) (s *onSilent, o *outbox.Outbox, q *memory) {
	t.Helper()
	r, o, q := onMemory(t, nil)
	s = &onSilent{rig: r}
	client := s.client(t)
	s.close = func() { client.Close() }
	t.Cleanup(s.close)
	o.Relays, o.Writer, o.Workers = []outbox.Sender{client}, whole{q}, 4
	return s, o, q
}

// wantOnce wants every mail taken once.
func (s *onSilent) wantOnce(q *memory, mails int, counted bool) {
	s.Helper()
	_, _, _, taken := s.seen()
	for i, m := range q.all() {
		if n := taken[address(i+1)]; n != 1 || m.State != beta.MailSent || !counted && m.Attempts != 1 {
			s.Errorf("mail %d of %d: taken %d times, %+v; want once", i+1, mails, n, m)
		}
	}
}
