package smapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/smapi"
)

// often asks for a list so often that it is remembered, and returns the last answer.
func (s *site) often(path string) string {
	s.t.Helper()
	var last string
	for range 4 {
		last = s.expect(http.StatusOK, "GET", path, "").body
	}
	return last
}

func TestAListAskedOftenShowsEveryChangeAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test")
	s.token = s.issueFor("A", lwa.ScopeWrite, 1000*time.Hour)
	for _, change := range []struct {
		what string
		make func()
		want string
	}{
		{"an acceptance", func() { s.accept("a@x.test") }, `"invitationStatus":"ACCEPTED"`},
		{"an addition", func() { s.expect(204, "POST", testers+"/add", addresses("c@x.test")) }, "c@x.test"},
		{"a delivery, after which a reminder may go", func() { s.mails(); s.clock.Advance(25 * time.Hour) }, `"isReminderAllowed":true`},
		{"a reminder", func() { s.expect(204, "POST", testers+"/sendReminder", addresses("a@x.test", "b@x.test", "c@x.test")) }, `"isReminderAllowed":false`},
	} {
		if before := s.often(testers); strings.Count(before, change.want) == 3 {
			t.Fatalf("%s: the list shows it before it happened: %s", change.what, before)
		}
		change.make()
		if after := s.ask("GET", testers, "").body; !strings.Contains(after, change.want) {
			t.Errorf("after %s: got %s, want %s in it", change.what, after, change.want)
		}
	}
	s.often(testers)
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	if after := s.ask("GET", testers, "").body; strings.Contains(after, "a@x.test") {
		t.Errorf("after a removal: got %s", after)
	}
}

// Nothing is written when a cool-down or a test's time is over, or when a clock
// is set back.
func TestAListAskedOftenFollowsTheClock(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ *smapi.API, r *beta.Rules) { r.Life = 48 * time.Hour })
	s.running("a@x.test")
	s.mails()
	s.token = s.issueFor("A", lwa.ScopeWrite, 1000*time.Hour)
	for _, step := range []struct {
		advance time.Duration
		want    string
	}{
		{0, `"isReminderAllowed":false`},
		{24*time.Hour - time.Millisecond, `"isReminderAllowed":false`},
		{time.Millisecond, `"isReminderAllowed":true`},
		{-time.Millisecond, `"isReminderAllowed":false`},
		{time.Millisecond, `"isReminderAllowed":true`},
		{24*time.Hour - time.Millisecond, `"isReminderAllowed":true`},
		{time.Millisecond, `"isReminderAllowed":false`}, // it ended
	} {
		s.clock.Advance(step.advance)
		if got := s.often(testers); !strings.Contains(got, step.want) {
			t.Errorf("%v later: got %s, want %s in it", step.advance, got, step.want)
		}
	}
}

func TestAListAskedOftenIsOnlyForThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	s.often(testers)
	s.expect(http.StatusUnauthorized, "GET", testers, "", as(s.issue("B", lwa.ScopeWrite)))
	s.expect(http.StatusOK, "GET", testers, "")
	if _, err := s.access.Revoke(t.Context(), s.token); err != nil {
		t.Fatal(err)
	}
	s.expect(http.StatusUnauthorized, "GET", testers, "")
}

func TestPagesOfDifferentSizesAreDifferentPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test", "c@x.test")
	for size, last := range map[string]string{"1": "a@x.test", "2": "b@x.test", "3": "c@x.test"} {
		got := s.often(testers + "?maxResults=" + size)
		if fmt.Sprint(strings.Count(got, "emailId")) != size || !strings.Contains(got, last) {
			t.Errorf("maxResults %s: got %s, want it to end with %s", size, got, last)
		}
	}
}

// The token of a remembered page is made anew, so it is good for a day from the
// answer that it stands in.
func TestTheTokenOfAListAskedOftenIsFresh(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test")
	s.token = s.issueFor("A", lwa.ScopeWrite, 1000*time.Hour)
	s.often(testers + "?maxResults=1") // as nextToken asks
	s.clock.Advance(20 * time.Hour)
	token := s.nextToken()
	s.clock.Advance(20 * time.Hour)
	s.expect(http.StatusOK, "GET", testers+"?nextToken="+token, "")
}
