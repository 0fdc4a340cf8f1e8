package outbox_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
)

func email(r *rig, n int) beta.Email {
	r.Helper()
	e, err := beta.ParseEmail(address(n))
	r.must(err)
	return e
}

func TestMailThatIsNoLongerWantedIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.add(1, 4)
		_, err := r.service.RemoveTesters(t.Context(), owner, skill, []beta.Email{email(r, 1), email(r, 3)})
		r.must(err)
		r.run(r.outbox())
		synctest.Wait()
		mails := r.mails()
		for n, want := range map[int]beta.MailState{1: beta.MailDropped, 2: beta.MailSent, 3: beta.MailDropped, 4: beta.MailSent} {
			if got := mails[address(n)].State; got != want {
				t.Errorf("%s: %s, want %s", address(n), got, want)
			}
		}
		if copies := r.relay.copies(); len(copies) != 2 { // nor are they told that they were removed
			t.Errorf("sent: %v", copies)
		}
	})
}

// The ledger keeps whose wish it was, and that stands apart from the attempts.
func TestMailToWhoWantsNoneIsSuppressedAndSaysWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.add(1, 3)
		_, err := r.service.Decline(t.Context(), r.record(1).link, "")
		r.must(err)
		r.must(r.service.Unsubscribe(t.Context(), r.record(2).link, false, ""))
		r.run(r.outbox())
		synctest.Wait()
		for n, want := range map[int]beta.Reason{1: beta.BecauseDeclined, 2: beta.BecauseUnsubscribed} {
			m := r.record(n)
			if m.State != beta.MailSuppressed || m.Refusal != want || len(m.Replies) != 0 || m.SettledAt.IsZero() {
				t.Errorf("%s: %s %q, settled %v, attempts %v; want %q", address(n), m.State, m.Refusal, m.SettledAt, m.Replies, want)
			}
		}
		if m := r.record(3); m.State != beta.MailSent || m.Refusal != "" || len(r.relay.copies()) != 1 {
			t.Errorf("the others: %s %q; sent: %v", m.State, m.Refusal, r.relay.copies())
		}
	})
}

// known is what the store says of a tester's invitation.
type known struct {
	beta.MailRecord
	link beta.Link
}

func (r *rig) record(n int) (k known) {
	r.Helper()
	r.must(r.store.View(r.Context(), func(read beta.Reader) error {
		_, test, err := read.SkillTest(skill)
		r.must(err)
		tester, _, err := read.Tester(test.ID, address(n))
		r.must(err)
		mails, err := read.TesterMails(test.ID, tester.Number)
		r.must(err)
		k = known{mails[0], tester.Link()}
		return nil
	}))
	return k
}

// Being claimed decides nothing: a tester removed while others of the same
// claim are being sent is not mailed.
func TestWhetherMailIsWantedIsAskedWhenItsTurnComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, mail.Message, int) error {
			time.Sleep(time.Second)
			return nil
		})
		r.add(1, 8)
		o := r.outbox()
		o.Workers, o.Few = 1, 8
		r.run(o)
		synctest.Wait() // the first is being sent, all are claimed
		_, err := r.service.EndTest(t.Context(), owner, skill)
		r.must(err)
		time.Sleep(time.Minute)
		synctest.Wait()
		if sent, dropped := r.inState(beta.MailSent), r.inState(beta.MailDropped); sent != 1 || dropped != 7 {
			t.Errorf("%d sent, %d dropped; want 1 and 7", sent, dropped)
		}
	})
}

// Whether somebody is told of their removal hangs on whether they were invited.
func TestMailWaitsForTheOneItHangsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ context.Context, m mail.Message, _ int) error {
			if strings.Contains(m.ID, ".1.1.") {
				time.Sleep(time.Minute)
			}
			return nil
		})
		r.run(r.outbox())
		r.add(1, 1)
		synctest.Wait() // the invitation is being sent
		start := time.Now()
		_, err := r.service.RemoveTesters(t.Context(), owner, skill, []beta.Email{email(r, 1)})
		r.must(err)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if asked, _ := r.relay.all(); len(asked) != 1 {
			t.Fatalf("%d messages before the outcome of the first", len(asked))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		asked, _ := r.relay.all()
		if len(asked) != 2 || asked[1].At.Sub(start) > 62*time.Second {
			t.Errorf("asked: %v", asked)
		}
	})
}

// ordered numbers what happens.
type ordered struct {
	outbox.Author
	mu    sync.Mutex
	last  int
	asked map[string]int // address -> when an invitation's letter was last begun
}

func (a *ordered) next() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	return a.last
}

func (a *ordered) Letter(ctx context.Context, m beta.Mail) (beta.Letter, bool, error) {
	at := a.next()
	if m.Kind == beta.InvitationMail {
		a.mu.Lock()
		a.asked[m.To.Key] = at
		a.mu.Unlock()
	}
	return a.Author.Letter(ctx, m)
}

func TestNobodyIsInvitedByACheckThatBeganAfterTheirRemoval(t *testing.T) {
	t.Parallel()
	const testers = 60
	r := newRig(t, nil)
	o := r.outbox()
	author := &ordered{Author: r.service, asked: map[string]int{}}
	o.Author = author
	settled := make(chan beta.MailState, 10*testers)
	o.Settled = func(s beta.MailState) { settled <- s }
	r.add(1, testers)
	r.run(o)
	removed := map[string]int{}
	for n := testers; n > 0; n-- { // towards the outbox, until they meet
		_, err := r.service.RemoveTesters(t.Context(), owner, skill, []beta.Email{email(r, n)})
		r.must(err)
		removed[address(n)] = author.next()
	}
	for r.inState(beta.MailSent)+r.inState(beta.MailDropped) < testers {
		<-settled
	}
	author.mu.Lock()
	defer author.mu.Unlock()
	for to, m := range r.mails() {
		if m.State == beta.MailSent && author.asked[to] > removed[to] {
			t.Errorf("%s: asked at %d after the removal at %d, and sent", to, author.asked[to], removed[to])
		}
	}
}
