package lwa_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/storetest"
)

// newAccess checks tokens on a real store with the vendor V1.
func newAccess(t *testing.T) (lwa.Access, *storetest.Clock) {
	t.Helper()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: "V1", Name: "Acme"}, storetest.Start)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lwa.Access{Store: s, Now: clock.Now}, clock
}

func issue(t *testing.T, a lwa.Access, scope string) string {
	t.Helper()
	token, err := a.Issue(t.Context(), "V1", scope, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// isCaller reports whether the headers name a caller; an error that is not a
// refusal fails the test.
func isCaller(t *testing.T, a lwa.Access, values ...string) bool {
	t.Helper()
	by, err := a.Caller(t.Context(), http.Header{"Authorization": values})
	if err == nil {
		return true
	}
	var e *beta.Error
	if !errors.As(err, &e) || e.Kind != beta.Unauthorized || e.Code != beta.CodeUnauthorized || by != (beta.Caller{}) {
		t.Errorf("%.60q: got caller %+v and %v, want an UNAUTHORIZED error alone", values, by, err)
	}
	return false
}

func TestATokenIsTakenFromOneAuthorizationHeader(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	good, other := issue(t, a, lwa.ScopeWrite), issue(t, a, lwa.ScopeWrite)
	for _, c := range []struct {
		name   string
		values []string
		want   bool
	}{
		{"bearer", []string{"Bearer " + good}, true},
		{"upper case", []string{"BEARER " + good}, true},
		{"lower case", []string{"bearer " + good}, true},
		{"bare, as ask-cli's older client sends it", []string{good}, true},
		{"spaces around", []string{"  Bearer " + good + " "}, true},
		{"bare with spaces around", []string{" " + good + "\t"}, true},

		{"no header", nil, false},
		{"empty", []string{""}, false},
		{"scheme alone", []string{"Bearer"}, false},
		{"scheme and a space", []string{"Bearer "}, false},
		{"two headers", []string{"Bearer " + good, "Bearer " + good}, false},
		{"two headers, one empty", []string{"Bearer " + good, ""}, false},
		{"comma list", []string{"Bearer " + good + ", Bearer " + other}, false},
		{"comma list without spaces", []string{"Bearer " + good + ",Bearer"}, false},
		{"quoted", []string{`Bearer "` + good + `"`}, false},
		{"bare and quoted", []string{`"` + good + `"`}, false},
		{"two spaces", []string{"Bearer  " + good}, false},
		{"tab", []string{"Bearer\t" + good}, false},
		{"text behind", []string{"Bearer " + good + " x"}, false},
		{"another scheme", []string{"Basic " + good}, false},
		{"basic", []string{"Basic YTpi"}, false},
		{"a byte less", []string{"Bearer " + good[:len(good)-1]}, false},
		{"a byte more", []string{"Bearer " + good + "x"}, false},
		{"without its prefix", []string{"Bearer " + strings.TrimPrefix(good, "Atza|")}, false},
		{"another prefix", []string{"Bearer " + strings.Replace(good, "Atza", "Atzr", 1)}, false},
		{"another case", []string{"Bearer " + strings.ToUpper(good)}, false},
		{"unknown", []string{"Bearer Atza|nope"}, false},
		{"bad UTF-8", []string{"Bearer \xff\xfe"}, false},
		{"2049 bytes", []string{"Bearer " + strings.Repeat("A", 2049)}, false},
		{"a megabyte", []string{strings.Repeat("A", 1<<20)}, false},
	} {
		if got := isCaller(t, a, c.values...); got != c.want {
			t.Errorf("%s: got accepted %v, want %v", c.name, got, c.want)
		}
	}
	for _, name := range []string{"X-Authorization", "Proxy-Authorization", "Cookie", "X-Forwarded-User"} {
		if _, err := a.Caller(t.Context(), http.Header{name: {"Bearer " + good}}); err == nil {
			t.Errorf("a token in %s was taken", name)
		}
	}
}

func TestATokenDiesWhenItExpires(t *testing.T) {
	t.Parallel()
	a, clock := newAccess(t)
	token := issue(t, a, lwa.ScopeRead)
	clock.Advance(time.Hour - time.Millisecond)
	if !isCaller(t, a, token) {
		t.Error("a millisecond before: refused")
	}
	clock.Advance(time.Millisecond)
	if isCaller(t, a, token) {
		t.Error("at its end: accepted")
	}
}

func TestARevokedTokenIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	token, other := issue(t, a, lwa.ScopeWrite), issue(t, a, lwa.ScopeWrite)
	for i := range 2 {
		if found, err := a.Revoke(t.Context(), token); err != nil || !found {
			t.Errorf("revoke %d: got %v, %v, want it found", i, found, err)
		}
		if isCaller(t, a, token) {
			t.Error("accepted after it was revoked")
		}
	}
	if !isCaller(t, a, other) {
		t.Error("another token was revoked, too")
	}
	if found, err := a.Revoke(t.Context(), "Atza|nope"); err != nil || found {
		t.Errorf("revoking an unknown token: got %v, %v, want not found", found, err)
	}
}

func TestScopesNotKnownHereAreLeftOut(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	const asksSeven = "alexa::ask:skills:readwrite alexa::ask:models:readwrite alexa::ask:skills:test alexa::ask:catalogs:read " +
		"alexa::ask:catalogs:readwrite alexa::ask:subscriptions alexa::skills:debug"
	for _, c := range []struct {
		scope string
		write bool
		fails bool
	}{
		{scope: lwa.ScopeWrite, write: true},
		{scope: lwa.ScopeRead},
		{scope: lwa.ScopeRead + "  " + lwa.ScopeWrite, write: true},
		{scope: asksSeven, write: true},
		{scope: "alexa::ask:skills:readwriter " + lwa.ScopeRead},
		{scope: "", fails: true},
		{scope: "alexa::ask:models:readwrite", fails: true},
		{scope: strings.ToUpper(lwa.ScopeWrite), fails: true},
	} {
		token, err := a.Issue(t.Context(), "V1", c.scope, time.Hour)
		if c.fails {
			if !errors.Is(err, lwa.ErrScope) || token != "" {
				t.Errorf("%q: got %q, %v, want ErrScope", c.scope, token, err)
			}
			continue
		}
		by, err := a.Caller(t.Context(), http.Header{"Authorization": {token}})
		if err != nil || by.Write != c.write || by.Vendor != "V1" {
			t.Errorf("%q: got %+v, %v, want write %v for V1", c.scope, by, err, c.write)
		}
	}
}

func TestTokensAreWhatTheClientsCanCarry(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	shape := regexp.MustCompile(`^Atza\|[A-Za-z0-9._-]{43}$`)
	one, two := issue(t, a, lwa.ScopeRead), issue(t, a, lwa.ScopeRead)
	if !shape.MatchString(one) || !shape.MatchString(two) || one == two {
		t.Errorf("tokens: got %q and %q, want two of the form %s", one, two, shape)
	}
}

func TestACallersNameDoesNotGiveTheTokenAway(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	token := issue(t, a, lwa.ScopeRead)
	by, err := a.Caller(t.Context(), http.Header{"Authorization": {token}})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^token [0-9a-f]{8}$`).MatchString(by.Name) {
		t.Errorf("name: got %q, want eight digits of the digest", by.Name)
	}
}

func TestAVendorThatIsNotThereGetsNoToken(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	if token, err := a.Issue(t.Context(), "nobody", lwa.ScopeRead, time.Hour); err == nil {
		t.Errorf("got the token %q, want an error", token)
	}
}

func TestADatabaseThatCannotBeAskedIsNoRefusal(t *testing.T) {
	t.Parallel()
	a, _ := newAccess(t)
	token := issue(t, a, lwa.ScopeRead)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Caller(ctx, http.Header{"Authorization": {token}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the store's own error", err)
	}
}
