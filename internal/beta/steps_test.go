package beta_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
)

// newCrowd is a draft with n testers.
func newCrowd(t *testing.T, n int) *world {
	t.Helper()
	w := newWorldWith(t, beta.Rules{Cap: n})
	w.create()
	for some := range slices.Chunk(numbered(n), 500) {
		w.add(some...)
	}
	return w
}

func TestUpToTwoStepsOfTestersStartAndEndAtOnce(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("as in TestStartInvitesEverybodyOnce, with a thousand")
	}
	w := newCrowd(t, 2*beta.Step)
	w.start()
	w.wantStatus(beta.Running)
	w.wantQueued(about(beta.InvitationMail, numbered(2*beta.Step)...))
	w.end()
	w.wantStatus(beta.Ended)
	w.wantQueued(about(beta.EndedMail, numbered(2*beta.Step)...))
}

func TestACrowdStartsAndEndsInSteps(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2*beta.Step + 1, 3 * beta.Step, 2300} {
		if raced && n > 2*beta.Step+1 {
			continue
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newCrowd(t, n)
			w.start()
			w.wantSteps(n, beta.Starting, beta.Running, beta.InvitationMail)
			w.end()
			w.wantSteps(n, beta.Stopping, beta.Ended, beta.EndedMail)
		})
	}
}

// wantSteps ticks through a state and checks that no step mails more than Step
// testers, that each is mailed once, and that the state lasts until all are.
func (w *world) wantSteps(n int, during, after beta.Status, kind beta.MailKind) {
	w.t.Helper()
	var all []string
	for len(all) < n {
		w.wantStatus(during)
		more, err := w.Tick(w.ctx)
		w.ok(err)
		queued := w.queued()
		if !more || len(queued) == 0 || len(queued) > beta.Step {
			w.t.Fatalf("%s after %d of %d: more %v, %d mails; want 1 to %d", during, len(all), n, more, len(queued), beta.Step)
		}
		all = append(all, queued...)
	}
	w.tick()
	w.wantStatus(after)
	w.wantQueued(nil)
	if diff := cmp.Diff(about(kind, numbered(n)...), sorted(all)); diff != "" {
		w.t.Errorf("%s mail (-want +got):\n%s", kind, diff)
	}
}

func (w *world) wantQueued(want []string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.queued()); diff != "" {
		w.t.Errorf("queued (-want +got):\n%s", diff)
	}
}

func TestAccessFollowsTheStateWhileACrowdIsMailed(t *testing.T) {
	t.Parallel()
	w := newCrowd(t, 2*beta.Step+1)
	w.start()
	link, address := w.link("t00000@example.com"), "t00000@example.com"
	w.accept(link) // whoever is invited may answer, also while others are still being mailed
	if w.entitled(address) {
		t.Error("entitled while STARTING")
	}
	w.tick()
	if !w.entitled(address) {
		t.Error("not entitled while RUNNING")
	}
	w.end()
	w.wantStatus(beta.Stopping)
	if w.entitled(address) {
		t.Error("entitled while STOPPING")
	}
}

func TestTimeThatIsUpWhileStartingTellsThoseWhoWereInvited(t *testing.T) {
	t.Parallel()
	w := newCrowd(t, 2*beta.Step+1)
	w.start()
	w.ok(second(w.Tick(w.ctx)))
	first := w.claim()
	if !w.wanted(first[0]) {
		t.Errorf("while STARTING, the invitation to %s is not wanted", first[0].To.Given)
	}
	var invited []string
	for _, m := range first {
		if m.To.Key < "t00020" {
			w.settle(m, settled(beta.MailSent, w.clock.Now()))
			invited = append(invited, m.To.Given)
		} else {
			w.settle(m, beta.Settlement{State: beta.MailDeferred, DueAt: w.clock.Now().Add(time.Hour), Attempts: 1})
		}
	}
	w.clock.Advance(90 * day)
	w.wantStatus(beta.Ended)
	w.tick()
	w.wantStatus(beta.Ended)
	if diff := cmp.Diff(about(beta.EndedMail, invited...), w.wantedNow("t00040")); diff != "" {
		t.Errorf("wanted mail (-want +got):\n%s", diff)
	}
}

// wantedNow claims all mail that is due and returns what of it would be sent to
// the addresses before one.
func (w *world) wantedNow(before string) (lines []string) {
	w.t.Helper()
	for mails := w.claim(); len(mails) > 0; mails = w.claim() {
		for _, m := range mails {
			if m.To.Key >= before {
				continue
			}
			wanted, err := w.letter(m)
			if err != nil && !errors.Is(err, beta.ErrNotYet) {
				w.t.Fatalf("letter for %s %s: %v", m.Kind, m.To.Given, err)
			}
			if wanted {
				lines = append(lines, string(m.Kind)+" "+m.To.Given)
			}
		}
	}
	return sorted(lines)
}

func second[T any](_ T, err error) error { return err }

func TestEveryUnfinishedTestIsDone(t *testing.T) {
	t.Parallel()
	w := newRunning(t, "a@example.com")
	w.ok(w.CreateTest(w.ctx, owner, another, ""))
	w.done(w.AddTesters(w.ctx, owner, another, emails("b@example.com")))
	w.done(w.StartTest(w.ctx, owner, another))
	w.deliver()
	w.clock.Advance(90 * day)
	w.tick()
	w.wantPost(post{Sent: about(beta.EndedMail, "a@example.com", "b@example.com")})
}
