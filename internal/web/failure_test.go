package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
)

func TestAFaultOfOursIsReportedAndNotShown(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7: secret")
	for _, err := range []error{secret, &beta.Error{Kind: beta.Unauthorized, Message: "secret"}} {
		s := newSite(t)
		s.testers.err = fmt.Errorf("read invitation: %w", err)
		w := s.ask(http.MethodGet, s.path())
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: status %d, want 500 without detail:\n%s", err, w.Code, w.Body)
		}
		if len(s.errors) != 1 || !errors.Is(s.errors[0], err) {
			t.Errorf("%v: reported %v", err, s.errors)
		}
	}
}

func TestBusyAsksToComeBack(t *testing.T) {
	t.Parallel()
	for retry, want := range map[time.Duration]string{0: "10", 1500 * time.Millisecond: "2", time.Minute: "60"} {
		s := newSite(t)
		s.testers.err = &beta.Error{Kind: beta.Unavailable, Retry: retry}
		w := s.ask(http.MethodPost, s.path()+"/accept")
		if got := w.Header().Get("Retry-After"); w.Code != http.StatusServiceUnavailable || got != want {
			t.Errorf("%v: status %d, Retry-After %q, want 503, %q", retry, w.Code, got, want)
		}
		if len(s.errors) != 1 {
			t.Errorf("%v: reported %v; the operator wants to know why once", retry, s.errors)
		}
	}
}

func TestARefusedAnswerShowsTheWayBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, link := range all(parse(t, s.ask(http.MethodGet, s.path()+"/accept")), "a") {
		if attr(link, "href") == s.path() {
			return
		}
	}
	t.Error("who opens the address of an answer finds no way to the invitation")
}
