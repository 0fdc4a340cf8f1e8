package outbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
	"tryout/internal/store"
)

var nobodyThere = &mail.Failure{Outcome: mail.Away, Step: "connect", Reply: mail.Reply{Relay: "relay:25"}, Err: errRefused}

func TestARelayThatIsAwayPausesEverybodyLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, always(nobodyThere))
		q.queue(1000)
		r.run(o)
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
			t.Errorf("%d pauses, up to %d attempts between two; want at most one of each worker", len(gaps), most)
		}
		for i, s := range q.all() {
			if s.State != beta.MailQueued || s.Attempts != 0 {
				t.Fatalf("mail %d: %+v; want queued, no attempt", i, s)
			}
		}
		r.relay.follow(nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(r.relay.copies()); n != 1000 {
			t.Errorf("%d of 1000 sent once the relay was back", n)
		}
	})
}

func TestMailEndsByItsAgeWhileNoRelayIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, always(nobodyThere))
		q.queue(1000)
		r.run(o)
		time.Sleep(5*day - time.Minute)
		synctest.Wait()
		for i, s := range q.all() {
			if s.State != beta.MailQueued {
				t.Fatalf("mail %d before five days: %+v", i, s)
			}
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		for i, s := range q.all() {
			if s.State != beta.MailFailed || s.Attempts != 0 {
				t.Fatalf("mail %d after five days: %+v; want failed", i, s)
			}
		}
	})
}

func TestOldMailIsTriedBeforeItsAgeEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, func(_ context.Context, _ mail.Message, try int) error {
			if try < 4 {
				return nobodyThere
			}
			return nil
		})
		q.queue(1)
		time.Sleep(6 * day) // the server was down
		r.run(o)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := q.all()[0]; got.State != beta.MailSent {
			t.Errorf("got %+v; want sent", got)
		}
	})
}

// A connection that fails beside others that are served is no reason to pause.
func TestARelayThatServesOthersIsNotAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, q := onMemory(t, func(_ context.Context, m mail.Message, try int) error {
			if m.To == address(1) && try <= 3 {
				time.Sleep(time.Second)
				return nobodyThere
			}
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		q.queue(5000)
		r.run(o)
		time.Sleep(time.Minute)
		synctest.Wait()
		if strings.Contains(r.log.String(), "delivery pauses") || q.all()[0].State != beta.MailSent {
			t.Errorf("the one: %+v; log:\n%.300s", q.all()[0], r.log)
		}
	})
}

func TestTheSecondRelayIsUsedWhileTheFirstIsAway(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{"away": nobodyThere, "refusing us": passwordRefused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, o, q := onMemory(t, always(trouble))
				second := &relay{tries: map[string]int{}}
				o.Relays = append(o.Relays, second)
				q.queue(200)
				r.run(o)
				synctest.Wait()
				if asked, _ := r.relay.all(); len(second.copies()) != 200 || len(asked) > o.Workers {
					t.Errorf("the second took %d of 200 at once; the first was asked %d times", len(second.copies()), len(asked))
				}
				for i, s := range q.all() {
					if s.State != beta.MailSent || s.Attempts != 1 {
						t.Fatalf("mail %d: %+v; want sent", i, s)
					}
				}
				r.relay.follow(nil)
				time.Sleep(11 * time.Minute)
				q.queue(10)
				o.Wake()
				synctest.Wait()
				if n := len(r.relay.copies()); n != 10 {
					t.Errorf("the first took %d of 10 once it was back", n)
				}
			})
		})
	}
}

func TestWhatTheFirstRelayMayHaveTakenTheSecondIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{
		"a lost reply": silence, "a refusal": refusal(mail.Permanent, "RCPT TO", 550, ""), "a cut": cutOff,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, o, q := onMemory(t, always(trouble))
				second := &relay{tries: map[string]int{}}
				o.Relays = append(o.Relays, second)
				q.queue(1)
				r.run(o)
				synctest.Wait()
				if asked, _ := second.all(); len(asked) != 0 {
					t.Errorf("the second was asked: %v", asked)
				}
			})
		})
	}
}

func TestTheRateHoldsAlsoAcrossRestarts(t *testing.T) {
	t.Parallel()
	const perSecond = 50
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.add(1, 900)
		start := time.Now()
		for range 20 { // half a second each
			o := r.outbox()
			o.Rate = perSecond
			stop := r.run(o)
			time.Sleep(500 * time.Millisecond)
			stop()
		}
		seconds := time.Since(start).Seconds()
		_, taken := r.relay.all()
		if n := float64(len(taken)); n > perSecond*seconds || n < perSecond*seconds*0.8 {
			t.Errorf("%v sent in %v seconds, want close to %d a second", n, seconds, perSecond)
		}
		for i, h := range taken {
			if i >= perSecond*11/10+1 && h.At.Sub(taken[i-perSecond*11/10-1].At) < time.Second {
				t.Fatalf("more than %d within a second of %v", perSecond*11/10, h.At)
			}
		}
	})
}

func TestAMailThatIsGivenBackKeepsItsReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, always(refusal(mail.Temporary, "RCPT TO", 451, "4.7.1")))
		stop := r.run(r.outbox())
		r.add(1, 1)
		synctest.Wait()
		stop()
		o := r.outbox()
		o.Author = yetToCome{}
		r.run(o)
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		got := r.mails()[address(1)]
		if got.State != beta.MailDeferred || got.Attempts != 1 || got.Reply.Code != 451 || got.Reply.Step != "RCPT TO" {
			t.Errorf("got %+v; want deferred with the reply of its only attempt", got)
		}
	})
}

// yetToCome is an author who cannot tell yet.
type yetToCome struct{ outbox.Author }

func (yetToCome) Letter(context.Context, beta.Mail) (beta.Letter, bool, error) {
	return beta.Letter{}, false, beta.ErrNotYet
}

// What the author needs to be asked may be away while a mail is about to leave.
func TestADatabaseThatIsAwayBurnsNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		author := &awayAtFirst{Author: o.Author, times: 7}
		o.Author = author
		r.run(o)
		r.add(1, 4)
		time.Sleep(time.Minute)
		synctest.Wait()
		for address, got := range r.mails() {
			if got.State != beta.MailSent || got.Attempts != 1 {
				t.Errorf("%s: got %+v; want sent at the first attempt", address, got)
			}
		}
	})
}

// A claim in doubt may be stored, and nobody else would look at the mail until
// its lease is over; or not, and the mail is another's next.
func TestWhatWasClaimedInDoubtIsSentOnceAndSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		o := r.outbox()
		o.Few = 4
		o.Queue = &doubtful{Store: r.store, r: r}
		r.add(1, 12)
		r.run(o)
		time.Sleep(time.Minute)
		synctest.Wait()
		for address, got := range r.mails() {
			if got.State != beta.MailSent || got.Attempts != 1 {
				t.Errorf("%s: got %+v; want sent at the first attempt", address, got)
			}
		}
		copies := r.relay.copies()
		if len(copies) != 12 {
			t.Errorf("%d were sent, want 12", len(copies))
		}
		for to, n := range copies {
			if n != 1 {
				t.Errorf("%s was sent %d times", to, n)
			}
		}
	})
}

// doubtful is a queue that goes away at the commits of the first two claims: one
// is stored, and one is not.
type doubtful struct {
	*store.Store
	r      *rig
	claims int
}

func (q *doubtful) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error) {
	list, err := q.Store.ClaimMail(ctx, claim, limit, lease)
	q.r.must(err)
	q.claims++
	if q.claims > 2 {
		return list, nil
	}
	for _, m := range list {
		if q.claims == 2 {
			q.r.must(q.Store.SettleMail(ctx, beta.Attempt{Claim: claim, Mail: m, Outcome: beta.Settlement{State: beta.MailQueued, DueAt: time.Now()}}))
		}
	}
	return list, &beta.Error{Kind: beta.Unavailable, Retry: time.Second}
}

// awayAtFirst is an author whose database is away when it is first asked.
type awayAtFirst struct {
	outbox.Author
	mu    sync.Mutex
	times int
}

func (a *awayAtFirst) Letter(ctx context.Context, m beta.Mail) (beta.Letter, bool, error) {
	a.mu.Lock()
	a.times--
	away := a.times >= 0
	a.mu.Unlock()
	if away {
		return beta.Letter{}, false, fmt.Errorf("letter: %w", &beta.Error{Kind: beta.Unavailable, Retry: time.Second})
	}
	return a.Author.Letter(ctx, m)
}
