package outbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

const (
	seeds  = 100 // of the jitter
	second = time.Second
)

var greylisted = refusal(mail.Temporary, "RCPT TO", 451, "4.7.1")

// A relay that answers 451 for five days: what a mail's schedule is, whatever
// the dice say.
func TestMailIsTriedForFiveDaysAndThenFailsWithAReason(t *testing.T) {
	t.Parallel()
	var all schedules
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			tries, ends := refusedForDays(t, seed, 8)
			for i, s := range ends {
				if s.State != beta.MailFailed || s.Reply.Code != 451 || s.Reply.Text == "" {
					t.Errorf("seed %d, mail %d: %+v; want failed, with the relay's words", seed, i, s)
				}
			}
			for id, at := range tries {
				if wrong := judgeSchedule(at); wrong != "" {
					t.Errorf("seed %d, mail %s: %s in %v", seed, id, wrong, at)
				}
				all.add(at)
			}
		})
	}
	t.Logf("%d seeds, %d mails; each try, after the mail was queued:\n%s", seeds, len(all), all)
}

func TestASeedRepeatsItsSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, _ := refusedForDays(t, 7, 3)
		again, _ := refusedForDays(t, 7, 3)
		other, _ := refusedForDays(t, 8, 3)
		if fmt.Sprint(first) != fmt.Sprint(again) || fmt.Sprint(first) == fmt.Sprint(other) {
			t.Errorf("seed 7: %v, then %v; seed 8: %v", first, again, other)
		}
	})
}

// refusedForDays tries mails that are put off until none is left. It returns
// when each was tried, from when it was queued, and how it ended.
func refusedForDays(t *testing.T, seed uint64, mails int) (map[string][]time.Duration, []beta.Settlement) {
	r, o, q := onMemory(t, always(greylisted))
	o.Workers = 1 // in one order, so that a seed repeats its run
	o.Seed(seed)
	start := time.Now()
	q.queue(mails)
	stop := r.run(o)
	time.Sleep(6 * day)
	stop()
	tries := map[string][]time.Duration{}
	for id, list := range attempts(r) {
		for _, at := range list {
			tries[id] = append(tries[id], at.Sub(start))
		}
	}
	return tries, q.all()
}

// documented are the waits of docs/operations.md, written by hand; the last goes
// on. Each may be up to a fifth longer.
var documented = []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// judgeSchedule says what is wrong with the times of a mail's tries.
func judgeSchedule(at []time.Duration) string {
	if len(at) < 2 || at[0] != 0 {
		return "not tried at once, and again,"
	}
	for i := 1; i < len(at); i++ {
		wait := documented[min(i, len(documented))-1]
		if gap := at[i] - at[i-1]; gap < wait || gap > wait*6/5 {
			return fmt.Sprintf("try %d came %v after the one before, want %v or up to a fifth more,", i+1, gap, wait)
		}
	}
	if last := len(at) - 1; at[last] < 5*day || at[last-1] >= 5*day {
		return fmt.Sprintf("the last tries after %v and %v, want the first after five days to be the last,", at[last-1], at[last])
	}
	return ""
}

// schedules are when mails were tried, mail by mail.
type schedules [][]time.Duration

func (s *schedules) add(at []time.Duration) { *s = append(*s, at) }

// String is a line for each try: the earliest, the median and the latest.
func (s schedules) String() string {
	var b strings.Builder
	for try := 0; ; try++ {
		var at []time.Duration
		for _, list := range s {
			if try < len(list) {
				at = append(at, list[try])
			}
		}
		if at == nil {
			return b.String()
		}
		slices.Sort(at)
		fmt.Fprintf(&b, "%3d: %v, %v, %v", try+1, at[0].Round(second), at[len(at)/2].Round(second), at[len(at)-1].Round(second))
		if len(at) < len(s) {
			fmt.Fprintf(&b, " (%d of them)", len(at))
		}
		b.WriteByte('\n')
	}
}
