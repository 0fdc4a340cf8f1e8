package lwa_test

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

func TestACodeBringsTokensThatActForWhoAllowedIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.post(s.exchange(s.code()))
	want := map[string]any{"token_type": "bearer", "expires_in": 3600.0, "scope": lwa.ScopeWrite}
	for name, value := range want {
		s.want(name, got.body[name], value)
	}
	for name, shape := range map[string]string{"access_token": `^Atza\|[A-Za-z0-9._-]{43}$`, "refresh_token": `^Atzr\|[A-Za-z0-9._-]{43}$`} {
		if !regexp.MustCompile(shape).MatchString(got.text(name)) {
			t.Errorf("%s: got %q, want the form %s", name, got.text(name), shape)
		}
	}
	s.want("members", len(got.body), 5)
	s.want("status", got.status, 200)
	s.want("Content-Type", got.header.Get("Content-Type"), "application/json;charset=UTF-8")
	s.want("Cache-Control", got.header.Get("Cache-Control"), "no-store")
	s.want("Pragma", got.header.Get("Pragma"), "no-cache")
	s.want("the access token", s.caller(got.text("access_token")), "V1 write")
	s.want("the refresh token at the API", s.caller(got.text("refresh_token")), "refused")
}

func TestNobodyGivesMoreThanTheyHaveNorMoreThanIsAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	reader := s.newClient(lwa.Client{Vendor: "V1", Name: "reader", Scope: lwa.ScopeRead, RedirectURIs: []string{callback}})
	const asksSeven = "alexa::ask:skills:readwrite alexa::ask:models:readwrite alexa::ask:skills:test alexa::ask:catalogs:read " +
		"alexa::ask:catalogs:readwrite alexa::ask:subscriptions alexa::ask:skills:debug"
	for _, c := range []struct {
		part   lwa.Part
		client credentials
		scope  string
		want   string
	}{
		{lwa.Owner, s.client, lwa.ScopeWrite, "V1 write"},
		{lwa.Owner, s.client, asksSeven, "V1 write"},
		{lwa.Owner, s.client, lwa.ScopeRead, "V1 read"},
		{lwa.Owner, s.client, "", "V1 write"}, // what the client can have
		{lwa.Owner, reader, lwa.ScopeWrite, "V1 read"},
		{lwa.Editor, s.client, lwa.ScopeRead + " " + lwa.ScopeWrite, "V1 write"},
		{lwa.Viewer, s.client, lwa.ScopeWrite, "V1 read"},
		{lwa.Viewer, s.client, lwa.ScopeRead, "V1 read"},
		{"superowner", s.client, lwa.ScopeWrite, "access_denied"},
		{"", s.client, lwa.ScopeWrite, "access_denied"},
	} {
		s.people.set("ann", "V1", c.part)
		asked := s.query(set("client_id", c.client.id), set("scope", c.scope))
		w := s.open(asked)
		if w.Code == http.StatusSeeOther {
			s.want(string(c.part)+" asked for "+c.scope, refusalIn(w), c.want)
			continue
		}
		access, _ := s.tokens(s.exchange(codeIn(s.press(s.formOn(w))), set("client_id", c.client.id), set("client_secret", c.client.secret)))
		s.want(string(c.part)+" asked for "+c.scope, s.caller(access), c.want)
	}
}

// codeIn and refusalIn read where a browser is sent.
func codeIn(w *httptest.ResponseRecorder) string    { return sentTo(w).Get("code") }
func refusalIn(w *httptest.ResponseRecorder) string { return sentTo(w).Get("error") }

func sentTo(w *httptest.ResponseRecorder) url.Values {
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		return nil
	}
	return to.Query()
}

func TestAVendorsClientActsForThatVendorAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.people.drop("ann")
	s.people.set("ann", "V2", lwa.Owner)
	s.want("ann of V2 with a client of V1", refusalIn(s.open(s.query())), "access_denied")
}

func TestACodeThatComesTwiceTakesBackWhatItGave(t *testing.T) {
	t.Parallel()
	for _, stranger := range []bool{false, true} {
		s := newSite(t)
		other := s.newClient(lwa.Client{Vendor: "V1", Name: "other", Scope: lwa.ScopeWrite, RedirectURIs: []string{callback}})
		code := s.code()
		access, refresh := s.tokens(s.exchange(code))
		later, _ := s.tokens(s.client.form("refresh_token", set("refresh_token", refresh)))
		again := s.exchange(code)
		if stranger {
			again.Set("client_id", other.id)
			again.Set("client_secret", other.secret)
		}
		bystander, _ := s.tokens(s.exchange(s.code()))
		got := s.post(again)
		s.want("the code again", got.text("error"), "invalid_grant")
		s.want("its access token", s.caller(access), "refused")
		s.want("a later one", s.caller(later), "refused")
		s.want("another's token", s.caller(bystander), "V1 write")
		s.want("its refresh token", s.post(s.client.form("refresh_token", set("refresh_token", refresh))).text("error"), "invalid_grant")
	}
}

func TestOfManyWhoBringACodeAtMostOneGetsTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := s.exchange(s.code())
	var mu sync.Mutex
	var all sync.WaitGroup
	given := 0
	for range 8 {
		all.Go(func() {
			if got := s.post(form); got.status == 200 {
				mu.Lock()
				defer mu.Unlock()
				given++
			}
		})
	}
	all.Wait()
	s.want("who got tokens", given, 1)
}

func TestACodeLivesTenMinutes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.code(), s.code()
	s.clock.Advance(10*time.Minute - time.Millisecond)
	s.tokens(s.exchange(first))
	s.clock.Advance(time.Millisecond)
	s.want("after ten minutes", s.post(s.exchange(second)).text("error"), "invalid_grant")
}

func TestWithPKCETheVerifierBringsTheTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.code(set("code_challenge", challenge(verifier)), set("code_challenge_method", "S256"))
	access, _ := s.tokens(s.exchange(code, set("code_verifier", verifier)))
	s.want("the token", s.caller(access), "V1 write")
}

func TestARefreshTokenStaysAndMayAskForLess(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh := s.tokens(s.exchange(s.code()))
	s.clock.Advance(time.Hour)
	s.want("an hour later", s.caller(access), "refused")
	s.clock.Advance(1000 * time.Hour)
	next, same := s.tokens(s.client.form("refresh_token", set("refresh_token", refresh)))
	s.want("the refresh token", same, refresh)
	s.want("the next access token", s.caller(next), "V1 write")
	less, _ := s.tokens(s.client.form("refresh_token", set("refresh_token", refresh), set("scope", lwa.ScopeRead+" unknown")))
	s.want("one for less", s.caller(less), "V1 read")
	next, _ = s.tokens(s.client.form("refresh_token", set("refresh_token", refresh)))
	s.want("one for all again", s.caller(next), "V1 write")
}

func TestARefreshGivesNoMoreThanThePersonHasNow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, refresh := s.tokens(s.exchange(s.code()))
	again := s.client.form("refresh_token", set("refresh_token", refresh))
	s.people.set("ann", "V1", lwa.Viewer)
	access, _ := s.tokens(again)
	s.want("as a viewer", s.caller(access), "V1 read")
	s.people.drop("ann")
	s.people.set("ann", "V2", lwa.Owner)
	s.want("elsewhere", s.post(again).text("error"), "invalid_grant")
	s.people.drop("ann")
	s.want("gone", s.post(again).text("error"), "invalid_grant")
	s.people.set("ann", "V1", lwa.Owner)
	access, _ = s.tokens(again)
	s.want("back", s.caller(access), "V1 write")
}

// Clocks of two machines differ.
func TestWhatWasRevokedByAClockAheadIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh := s.tokens(s.exchange(s.code()))
	s.must(s.store.RevokeGrant(t.Context(), lwa.Digest(sha256.Sum256([]byte(refresh))), s.clock.Now().Add(time.Hour)))
	s.want("its access token", s.caller(access), "refused")
	s.want("its refresh token", s.post(s.client.form("refresh_token", set("refresh_token", refresh))).text("error"), "invalid_grant")
}

func TestACodeOfSomebodyWhoMayNoMoreGivesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, part := range []lwa.Part{lwa.Viewer, ""} {
		s.people.set("ann", "V1", lwa.Owner)
		code := s.code()
		s.people.set("ann", "V1", part)
		s.want("as "+string(part), s.post(s.exchange(code)).text("error"), "invalid_grant")
	}
}

func TestAMachineActsForItsVendor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh := s.tokens(s.machine.form("client_credentials"))
	s.want("the token", s.caller(access), "V1 write")
	less, _ := s.tokens(s.machine.form("client_credentials", set("scope", lwa.ScopeRead)))
	s.want("one for less", s.caller(less), "V1 read")
	again := s.machine.form("refresh_token", set("refresh_token", refresh))
	s.clock.Advance(24*time.Hour - time.Millisecond)
	access, _ = s.tokens(again)
	s.want("refreshed", s.caller(access), "V1 write")
	s.clock.Advance(time.Millisecond)
	s.want("after a day", s.post(again).text("error"), "invalid_grant")
}

func TestTheOperatorSaysHowLongATokenLives(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Access.Life = time.Minute
	got := s.post(s.machine.form("client_credentials"))
	s.want("expires_in", got.body["expires_in"], 60.0)
	s.clock.Advance(time.Minute - time.Millisecond)
	s.want("before", s.caller(got.text("access_token")), "V1 write")
	s.clock.Advance(time.Millisecond)
	s.want("after", s.caller(got.text("access_token")), "refused")
}

func TestARevokedClientIsDeadAtOnceWithAllItsTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh := s.tokens(s.exchange(s.code()))
	code := s.code()
	others, _ := s.tokens(s.machine.form("client_credentials"))
	for range 3 {
		s.want("before", s.caller(access), "V1 write") // remembered by now
	}
	for range 2 { // twice is no error
		s.must(s.access.RevokeClient(t.Context(), s.client.id))
		s.want("its token", s.caller(access), "refused")
	}
	s.want("its refresh token", s.post(s.client.form("refresh_token", set("refresh_token", refresh))).text("error"), "invalid_client")
	s.want("its code", s.post(s.exchange(code)).text("error"), "invalid_client")
	s.want("the page", s.open(s.query()).Code, 400)
	s.want("another client's token", s.caller(others), "V1 write")
	if err := s.access.RevokeClient(t.Context(), "nobody"); !errors.Is(err, lwa.ErrNoClient) {
		t.Errorf("nobody revoked: got %v, want ErrNoClient", err)
	}
}

func TestARotatedSecretReplacesTheOld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	access, refresh := s.tokens(s.exchange(s.code()))
	old := s.client.form("refresh_token", set("refresh_token", refresh))
	secret, err := s.access.RotateClient(t.Context(), s.client.id)
	s.must(err)
	s.want("the old secret", s.post(old).text("error"), "invalid_client")
	s.client.secret = secret
	s.tokens(s.client.form("refresh_token", set("refresh_token", refresh)))
	s.want("a token from before", s.caller(access), "V1 write")
	s.must(s.access.RevokeClient(t.Context(), s.client.id))
	for _, id := range []string{s.client.id, "nobody"} {
		if secret, err := s.access.RotateClient(t.Context(), id); !errors.Is(err, lwa.ErrNoClient) || secret != "" {
			t.Errorf("%s rotated: got %q, %v, want ErrNoClient", id, secret, err)
		}
	}
}

// ask-cli's own client is of no vendor: the person chooses.
func TestAskCLIsOwnClientWorksWhileItIsAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.people.set("ann", "V2", lwa.Viewer)
	s.client = credentials{"amzn1.application-oa2-client.aad322b5faab44b980c8f87f94fbac56", "1642d8869b829dda3311d6c6539f3ead55192e3fc767b9071c888e60ef151cf9"}
	there := set("redirect_uri", lwa.AskCLIRedirect)
	allow := func(is bool) { s.must(s.access.AllowAskCLI(t.Context(), is)) }
	allow(false)
	s.want("not allowed", s.open(s.query(there)).Code, 400)
	allow(true)
	allow(true)
	code := func(vendor beta.VendorID) string {
		f := s.formOn(s.open(s.query(there)))
		f.fields.Set("vendor", string(vendor))
		return codeIn(s.press(f))
	}
	var refreshes []string
	for vendor, want := range map[beta.VendorID]string{"V1": "V1 write", "V2": "V2 read"} {
		access, refresh := s.tokens(s.exchange(code(vendor), there))
		s.want("for "+string(vendor), s.caller(access), want)
		refreshes = append(refreshes, refresh)
		defer func() { s.want("a token from before", s.caller(access), "refused") }()
	}
	s.want("for nobody", code("V3"), "")
	s.want("for itself", s.post(s.client.form("client_credentials")).text("error"), "unauthorized_client")
	allow(false)
	s.want("not allowed any more", s.post(s.client.form("refresh_token", set("refresh_token", refreshes[0]))).text("error"), "invalid_client")
	allow(true)
	s.want("a refresh token from before", s.post(s.client.form("refresh_token", set("refresh_token", refreshes[0]))).text("error"), "invalid_grant")
	s.tokens(s.exchange(code("V1"), there))
}

func TestWhatEndedADayAgoIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.code()
	access, refresh := s.tokens(s.exchange(code))
	s.tokens(s.machine.form("client_credentials"))
	s.clock.Advance(25*time.Hour + time.Millisecond)
	sweep := func() {
		for more := true; more; {
			var err error
			more, err = s.access.Sweep(t.Context())
			s.must(err)
		}
	}
	sweep()
	s.want("a code of yesterday", s.post(s.exchange(code)).text("error_description"), "The code is not known, was used before, has expired, or was given to another client or redirect_uri.")
	_, err := s.access.Caller(t.Context(), http.Header{"Authorization": {access}})
	if err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("a token of yesterday: got %v, want it not known", err)
	}
	s.tokens(s.client.form("refresh_token", set("refresh_token", refresh))) // good until it is revoked
}
