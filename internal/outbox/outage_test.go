package outbox_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

const (
	outageRate   = 20 // messages a second
	queuedDaily  = 120
	queuedAtOnce = 10
)

// No relay answers for more than five days, mail is queued all the while, and
// the server is restarted now and then, also when the relay is just back.
func TestAnOutageWithoutAnyRelayLosesNothing(t *testing.T) {
	t.Parallel()
	busiest, slowest, outages := 0, time.Duration(0), number(t, "OUTAGE_SEEDS", 3)
	for seed := range uint64(outages) {
		synctest.Test(t, func(t *testing.T) {
			out := newOutage(t, seed)
			failed := out.days(5)
			out.checkWaiting(failed)
			back := out.relayReturns()
			out.checkEnded(failed)
			busiest, slowest = max(busiest, out.busiestSecond()), max(slowest, out.lastTaken().Sub(back))
		})
	}
	t.Logf("%d seeds, %d mails each: %d were sent in the busiest second, at a rate of %d; all were sent %v after the relay was back, at the latest",
		outages, 5*queuedDaily, busiest, outageRate, slowest.Round(second))
}

// number reads a setting from the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// outage is an outbox whose relay is away.
type outage struct {
	*rig
	seed  uint64
	dice  *rand.Rand
	queue *memory
	stop  func()
}

func newOutage(t *testing.T, seed uint64) *outage {
	out := &outage{rig: bareRig(t, always(nobodyThere)), seed: seed, dice: rand.New(rand.NewPCG(seed, 1)), queue: &memory{}}
	out.start()
	return out
}

func (out *outage) start() {
	o := out.outbox()
	o.Queue, o.Author, o.Writer, o.Workers, o.Rate = out.queue, out.queue, out.queue, 4, outageRate
	o.Log = slog.New(slog.NewTextHandler(out.log, &slog.HandlerOptions{Level: slog.LevelWarn})) // the lines of all attempts take most of the time
	o.Seed(out.seed)
	out.stop = out.run(o)
}

func (out *outage) restart() {
	out.stop()
	out.start()
}

// days passes days of outage, and a little more. It returns how many mails grew
// too old in it: those of the first hour.
func (out *outage) days(n int) (failed int) {
	out.queue.queue(queuedAtOnce)
	for range n {
		time.Sleep(time.Hour)
		out.queue.queue(queuedDaily - queuedAtOnce)
		out.restart()
		time.Sleep(23 * time.Hour)
		out.queue.queue(queuedAtOnce)
	}
	time.Sleep(time.Duration(out.dice.Int64N(int64(30*time.Minute))) + 20*time.Minute)
	out.stop()
	return queuedAtOnce
}

// checkWaiting wants all mail as it was queued, but for what is too old.
func (out *outage) checkWaiting(failed int) {
	out.Helper()
	for i, s := range out.queue.all() {
		switch {
		case i < failed && (s.State != beta.MailFailed || s.Attempts != 0 || s.Reply.Step != "connect" || s.Reply.Text != errRefused.Error()):
			out.Fatalf("seed %d, mail %d, older than five days: %+v; want failed, and why", out.seed, i, s)
		case i >= failed && (s.State != beta.MailQueued || s.Attempts != 0):
			out.Fatalf("seed %d, mail %d: %+v; want queued, no attempt", out.seed, i, s)
		}
	}
}

// relayReturns has the relay take everything, at its own pace, and waits until
// it has.
func (out *outage) relayReturns() (back time.Time) {
	back = time.Now()
	out.start()
	out.relay.follow(func(context.Context, mail.Message, int) error {
		time.Sleep(10 * time.Millisecond)
		return nil
	})
	for taken := 0; taken == 0; {
		time.Sleep(second)
		_, list := out.relay.all()
		taken = len(list)
	}
	for range 10 {
		out.restart()
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(20 * time.Minute)
	synctest.Wait()
	return back
}

// checkEnded wants every mail sent once, by its first attempt, but for those
// that failed before.
func (out *outage) checkEnded(failed int) {
	out.Helper()
	copies := out.relay.copies()
	for i, s := range out.queue.all() {
		n := copies[address(i+1)]
		if i < failed && (s.State != beta.MailFailed || n != 0) || i >= failed && (s.State != beta.MailSent || s.Attempts != 1 || n != 1) {
			out.Fatalf("seed %d, mail %d: %d copies, %+v", out.seed, i, n, s)
		}
	}
	if busiest := out.busiestSecond(); busiest > outageRate*11/10 {
		out.Errorf("seed %d: %d messages in a second, want at most %d", out.seed, busiest, outageRate*11/10)
	}
	if out.relay.most > 4 {
		out.Errorf("seed %d: %d connections at once, want at most 4", out.seed, out.relay.most)
	}
}

// busiestSecond returns how many messages were begun in any second.
func (out *outage) busiestSecond() (most int) {
	asked, _ := out.relay.all()
	for from, to := 0, 0; to < len(asked); to++ {
		for asked[to].At.Sub(asked[from].At) >= second {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

func (out *outage) lastTaken() time.Time {
	_, taken := out.relay.all()
	return taken[len(taken)-1].At
}

// On a real store: days of attempts are a line or two of a mail's story.
func TestAnOutageIsShortToTell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(nobodyThere))
		r.run(r.outbox())
		r.add(1, 1)
		start := time.Now()
		time.Sleep(5*day + time.Hour)
		synctest.Wait()
		story, err := r.service.Story(t.Context(), owner, skill, email(r, 1))
		r.must(err)
		lines := story.Mails[0].Replies
		first, last := lines[0], lines[len(lines)-1]
		if len(lines) != 2 || last.State != beta.MailFailed || last.Text != errRefused.Error() || last.At.Sub(start) < 5*day {
			t.Fatalf("got %+v; want the tries as one, then failed and why", lines)
		}
		if asked, _ := r.relay.all(); first.Times != len(asked) && first.Times != len(asked)-1 { // the last failed
			t.Errorf("%d tries are told of %d", first.Times, len(asked))
		}
	})
}
