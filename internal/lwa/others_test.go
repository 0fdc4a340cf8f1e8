package lwa_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// others know one guest, or fail, and note what they are shown.
type others struct {
	guest lwa.Guest
	err   error
	shown []string
}

func (o *others) Guest(_ context.Context, token string) (lwa.Guest, error) {
	o.shown = append(o.shown, token)
	return o.guest, o.err
}

func bearing(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestATokenOfOthersActsForWhomTheySay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := strings.Repeat("header.payload.", 10) + "signature"
	for part, want := range map[lwa.Part]beta.Caller{
		lwa.Owner:  {Name: "oidc 1", Vendor: "V1", Write: true},
		lwa.Editor: {Name: "oidc 1", Vendor: "V1", Write: true, TestersOnly: true},
		lwa.Viewer: {Name: "oidc 1", Vendor: "V1", TestersOnly: true},
		"admin":    {Name: "oidc 1", Vendor: "V1", TestersOnly: true},
	} {
		s.access.Others = &others{guest: lwa.Guest{Name: "oidc 1", Vendor: "V1", Part: part}}
		if got, err := s.access.Caller(t.Context(), bearing(token)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", part, got, err, want)
		}
	}
	away := &beta.Error{Kind: beta.Unavailable, Retry: time.Second}
	s.access.Others = &others{err: away}
	if got, err := s.access.Caller(t.Context(), bearing(token)); !errors.Is(err, away) || got != (beta.Caller{}) {
		t.Errorf("when they are away: got %+v, %v", got, err)
	}
}

func TestATokenOfOurFormIsShownToNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good, err := s.access.Issue(t.Context(), "V1", lwa.ScopeWrite, time.Hour)
	s.must(err)
	revoked, err := s.access.Issue(t.Context(), "V1", lwa.ScopeWrite, time.Hour)
	s.must(err)
	_, err = s.access.Revoke(t.Context(), revoked)
	s.must(err)
	o := &others{guest: lwa.Guest{Vendor: "V2", Part: lwa.Owner}}
	s.access.Others = o
	if got, err := s.access.Caller(t.Context(), bearing(good)); err != nil || got.Vendor != "V1" {
		t.Errorf("a good one: got %+v, %v", got, err)
	}
	for name, token := range map[string]string{
		"revoked": revoked, "unknown": "Atza|" + strings.Repeat("x", 43), "cut short": good[:40], "run together": good + good[:10],
		"a refresh token": "Atzr|" + strings.Repeat("x", 43), "a client's secret": s.machine.secret, "a session's cookie": strings.Repeat("x", 43),
	} {
		var e *beta.Error
		if got, err := s.access.Caller(t.Context(), bearing(token)); !errors.As(err, &e) || e.Kind != beta.Unauthorized {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if o.shown != nil {
		t.Errorf("others were shown %q", o.shown)
	}
}

func TestWeSayNothingOfTokensThatOthersGave(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := &others{guest: lwa.Guest{Vendor: "V1", Part: lwa.Owner}}
	s.Access.Others = o
	token := "Atza|" + strings.Repeat("x", 400)
	for _, path := range []string{"/auth/o2/tokeninfo?access_token=", "/user/profile?access_token="} {
		if w := s.send(httptest.NewRequest("GET", issuer+path+strings.ReplaceAll(token, "|", "%7C"), nil)); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "invalid_token") {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	if o.shown != nil {
		t.Errorf("others were shown %q", o.shown)
	}
}
