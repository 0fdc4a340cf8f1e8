package smapi_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/smapi"
	"tryout/internal/storetest"
)

// A token that was good at the last request is presumed to be, where reading it
// is a trip; no answer may show that.
func TestATokenThatWasGoodIsReadAgainBeforeAnythingIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSiteOn(t, storetest.OpenPostgres)
	s.running("ann@x.test")
	places := strings.NewReplacer("{skillId}", skill, "{emailId}", "ann@x.test", "{batchId}", "absent")
	for _, route := range smapi.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if method != "GET" || path == "/openapi.yaml" {
			continue
		}
		path = places.Replace(path)
		for _, query := range []string{"", "?maxResults=0", "?nextToken=x", "?format=csv", "?a=1&a=2"} {
			token := s.issue("A", lwa.ScopeRead)
			before := s.ask(method, path+query, "", as(token))
			if again := s.ask(method, path+query, "", as(token)); again.StatusCode != before.StatusCode || again.StatusCode == http.StatusUnauthorized {
				t.Errorf("%s%s: status %d by a token that was read, then %d by one that was presumed", route, query, before.StatusCode, again.StatusCode)
			}
			if _, err := s.access.Revoke(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			if a := s.ask(method, path+query, "", as(token)); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s%s: status %d by a token that was revoked, want 401", route, query, a.StatusCode)
			}
		}
	}
}

// What stands behind a token may have changed instead.
func TestWhatIsPresumedOfATokenIsWhatItIsNow(t *testing.T) {
	t.Parallel()
	s := newSiteOn(t, storetest.OpenPostgres)
	s.running()
	short := s.issueFor("A", lwa.ScopeRead, time.Minute)
	s.expect(http.StatusOK, "GET", testers, "", as(short))
	s.clock.Advance(time.Minute)
	s.expect(http.StatusUnauthorized, "GET", testers, "", as(short))

	token, part := s.evas()
	s.expect(http.StatusUnauthorized, "GET", testers, "", as(token))
	part(lwa.Viewer)
	s.expect(http.StatusOK, "GET", testers, "", as(token))
	s.expect(http.StatusForbidden, "POST", testers+"/add", addresses("ben@x.test"), as(token))
	part(lwa.Owner)
	s.expect(http.StatusOK, "GET", testers, "", as(token))
	s.expect(http.StatusNoContent, "POST", testers+"/add", addresses("ben@x.test"), as(token))
	s.must(s.store.RemovePerson(t.Context(), "eva"))
	s.expect(http.StatusUnauthorized, "GET", testers, "", as(token))
}

// evas is a token that acts for Eva, and gives her a part in vendor A, where she
// has none yet.
func (s *site) evas() (token string, part func(lwa.Part)) {
	s.t.Helper()
	ctx, refresh, token := s.t.Context(), lwa.Digest{1}, "Atza|eva"
	client, _, err := s.access.CreateClient(ctx, lwa.Client{Vendor: "A", Name: "Nightly", Scope: lwa.ScopeWrite})
	s.must(err)
	s.must(s.store.CreatePerson(ctx, signin.Person{ID: "eva", Email: beta.Email{Given: "eva@x.test", Key: "eva@x.test"}}))
	s.must(s.store.SavePair(ctx, lwa.Pair{
		Refresh: refresh, Grant: lwa.Grant{Client: client.ID, Vendor: "A", Person: "eva", Scope: lwa.ScopeWrite},
		Access: sha256.Sum256([]byte(token)), Token: lwa.Token{Vendor: "A", Scope: lwa.ScopeWrite, ExpiresAt: s.clock.Now().Add(time.Hour), Grant: refresh},
	}))
	return token, func(p lwa.Part) {
		_, err := s.store.SaveRole(ctx, "eva", "A", p)
		s.must(err)
	}
}

// An operator who set up others' tokens learns here what is wrong with them.
func TestTheLogSaysWhyATokenWasRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var log bytes.Buffer
	edge := httpd.New(s.api, httpd.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	r := httptest.NewRequest("GET", testers, nil)
	r.Header.Set("Authorization", "Bearer Atza|unheard-of")
	edge.ServeHTTP(httptest.NewRecorder(), r)
	if text := log.String(); !strings.Contains(text, `err="The token is not known."`) || strings.Contains(text, "unheard-of") {
		t.Errorf("the log says %q", text)
	}
}

// What waits for the database may outlast its token.
func TestATokenThatExpiresWhileItIsPresumedIsOutdated(t *testing.T) {
	t.Parallel()
	s := newSiteOn(t, storetest.OpenPostgres)
	h := http.Header{"Authorization": {"Bearer " + s.issueFor("A", lwa.ScopeRead, time.Minute)}}
	_, err := s.access.Caller(t.Context(), h)
	s.must(err)
	ctx, _, err := s.access.Presume(t.Context(), h)
	if s.must(err); ctx == t.Context() {
		t.Fatal("nothing was presumed")
	}
	s.clock.Advance(time.Minute)
	if err := s.access.Confirm(ctx); !errors.Is(err, lwa.ErrOutdated) {
		t.Errorf("got %v, want that it is outdated", err)
	}
}

// A request that is served anew is one request, in the log and by its rate, which
// it does not escape either.
func TestARequestServedAnewIsCountedOnce(t *testing.T) {
	t.Parallel()
	s := newSiteOn(t, storetest.OpenPostgres, func(a *smapi.API, _ *beta.Rules) {
		var err error
		if a.Limits, err = smapi.NewLimits(2, func() int { return 1 }); err != nil {
			t.Fatal(err)
		}
	})
	token, part := s.evas()
	var log bytes.Buffer
	edge := httpd.New(s.api, httpd.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for i, p := range []lwa.Part{lwa.Viewer, lwa.Owner, lwa.Viewer} { // from the second time on the one before is presumed
		part(p)
		r := httptest.NewRequest("GET", "/v1/vendors", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if edge.ServeHTTP(w, r); w.Code != []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests}[i] {
			t.Errorf("request %d: status %d, want 200, 200 and 429", i+1, w.Code)
		}
	}
	if n := strings.Count(log.String(), "caller="); n != 3 {
		t.Errorf("%d callers in three lines:\n%s", n, log.String())
	}
}
