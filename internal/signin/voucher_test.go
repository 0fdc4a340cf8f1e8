package signin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/beta"
	"tryout/internal/signin"
	"tryout/internal/storetest"
)

// voucher plays somebody else who says who sits at a browser.
type voucher struct {
	said  signin.Once // that a browser was sent there with
	email string      // whom it vouches for; empty: nobody
	away  error
	codes []string // brought, in turn
}

func (v *voucher) Name() string { return "Example" }

func (v *voucher) Ask(_ context.Context, o signin.Once) (string, error) {
	v.said = o
	return "https://issuer.example/auth?state=" + o.State, v.away
}

func (v *voucher) Vouch(_ context.Context, code, issuer string, o signin.Once) (beta.Email, bool, error) {
	v.codes = append(v.codes, code)
	if v.away != nil || o != v.said || issuer == "https://evil.example" {
		return beta.Email{}, false, v.away
	}
	e, err := beta.ParseEmail(v.email)
	return e, err == nil, nil
}

// withVoucher is a site at which a voucher vouches for an address.
func withVoucher(t *testing.T, email string) (*site, *voucher) {
	t.Helper()
	s, v := newSite(t), &voucher{email: email}
	s.Voucher = v
	return s, v
}

// goes is sent to the voucher, and returns the state that it goes with.
func (b *browser) goes() (state string) {
	b.t.Helper()
	w := b.send("POST", "/sign-in/with", url.Values{"back": {back}})
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Refresh"), "0; url=https://issuer.example/auth?") {
		b.t.Fatalf("going to the voucher: got %d %v %s", w.Code, w.Header(), w.Body)
	}
	_, state, _ = strings.Cut(w.Header().Get("Refresh"), "state=")
	return state
}

// comes back from the voucher, as a redirect from another site brings it.
func (b *browser) comes(answer url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send("GET", "/sign-in/return?"+answer.Encode(), nil, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
}

func TestWhomTheVoucherNamesIsSignedIn(t *testing.T) {
	t.Parallel()
	s, v := withVoucher(t, "ANN@example.com")
	b := s.browser()
	if page := b.send("GET", "/sign-in", nil).Body.String(); !strings.Contains(page, "Sign in with Example") {
		t.Errorf("the page does not offer it: %s", page)
	}
	state := b.goes()
	c := b.cookies["__Host-tryout-away"]
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 {
		t.Fatalf("the cookie is %+v", c)
	}
	w := b.comes(url.Values{"state": {state}, "code": {"the code"}, "iss": {"https://issuer.example"}})
	s.want("goes back to", w.Header().Get("Location"), back)
	s.want("status", w.Code, http.StatusSeeOther)
	s.want("code", strings.Join(v.codes, " "), "the code")
	s.want("who", b.who(), "Ann@example.com")
	s.want("the cookie is gone", b.cookies[c.Name] == nil, true)
	for what, one := range map[string]string{"state": v.said.State, "nonce": v.said.Nonce, "verifier": v.said.Verifier} {
		if len(one) != 43 || one == c.Value {
			t.Errorf("the %s is %q", what, one)
		}
	}
	if v.said.State == v.said.Nonce || v.said.Nonce == v.said.Verifier {
		t.Error("state, nonce and verifier are not three")
	}
}

func TestWhoSignsInAnewEndsTheSessionBefore(t *testing.T) {
	t.Parallel()
	s, _ := withVoucher(t, "ann@example.com")
	b := s.browser()
	b.signsIn()
	before := s.browser()
	before.cookies["__Host-tryout-session"] = b.cookies["__Host-tryout-session"]
	b.comes(url.Values{"state": {b.goes()}, "code": {"x"}})
	s.want("before", before.who(), "")
	s.want("now", b.who(), "Ann@example.com")
}

func TestAnAnswerOfTheVoucherCountsOnceAndInTheBrowserThatWasSent(t *testing.T) {
	t.Parallel()
	for name, misuse := range map[string]func(b, other *browser, state string) *httptest.ResponseRecorder{
		"a browser that was not sent": func(_, other *browser, state string) *httptest.ResponseRecorder {
			return other.comes(url.Values{"state": {state}, "code": {"x"}})
		},
		"the state of another browser": func(b, other *browser, state string) *httptest.ResponseRecorder {
			other.goes()
			return other.comes(url.Values{"state": {state}, "code": {"x"}})
		},
		"no state": func(b, _ *browser, _ string) *httptest.ResponseRecorder {
			return b.comes(url.Values{"code": {"x"}})
		},
		"two states": func(b, _ *browser, state string) *httptest.ResponseRecorder {
			return b.comes(url.Values{"state": {state, state}, "code": {"x"}})
		},
		"the state in another case": func(b, _ *browser, state string) *httptest.ResponseRecorder {
			return b.comes(url.Values{"state": {strings.ToUpper(state)}, "code": {"x"}})
		},
		"the cookie of a sign-in by mail": func(b, _ *browser, _ string) *httptest.ResponseRecorder {
			b.asks("ann@example.com")
			c := *b.cookies["__Host-tryout-ask"]
			c.Name = "__Host-tryout-away"
			b.cookies[c.Name] = &c
			return b.comes(url.Values{"state": {b.OnceOf(c.Value).State}, "code": {"x"}})
		},
		"the cookie twice": func(b, _ *browser, state string) *httptest.ResponseRecorder {
			return b.send("GET", "/sign-in/return?code=x&state="+state, nil, func(r *http.Request) {
				r.AddCookie(&http.Cookie{Name: "__Host-tryout-away", Value: strings.Repeat("A", 43)})
			})
		},
		"ten minutes later": func(b, _ *browser, state string) *httptest.ResponseRecorder {
			b.clock.Advance(10 * time.Minute)
			return b.comes(url.Values{"state": {state}, "code": {"x"}})
		},
		"the same answer again": func(b, other *browser, state string) *httptest.ResponseRecorder {
			other.cookies["__Host-tryout-away"] = b.cookies["__Host-tryout-away"]
			b.comes(url.Values{"state": {state}, "code": {"x"}})
			return other.comes(url.Values{"state": {state}, "code": {"x"}})
		},
		"an answer after a refusal": func(b, other *browser, state string) *httptest.ResponseRecorder {
			other.cookies["__Host-tryout-away"] = b.cookies["__Host-tryout-away"]
			b.comes(url.Values{"state": {state}, "error": {"access_denied"}, "iss": {"https://evil.example"}})
			return other.comes(url.Values{"state": {state}, "code": {"x"}})
		},
	} {
		s, _ := withVoucher(t, "ann@example.com")
		b, other := s.browser(), s.browser()
		w := misuse(b, other, b.goes())
		s.want(name+": status", w.Code, http.StatusForbidden)
		s.want(name+": says what to do", strings.Contains(w.Body.String(), "start again"), true)
		s.want(name+": other", other.who(), "")
	}
}

func TestJustBeforeTenMinutesTheAnswerStillCounts(t *testing.T) {
	t.Parallel()
	s, _ := withVoucher(t, "ann@example.com")
	b := s.browser()
	state := b.goes()
	s.clock.Advance(10*time.Minute - time.Millisecond)
	b.comes(url.Values{"state": {state}, "code": {"x"}})
	s.want("who", b.who(), "Ann@example.com")
}

// Who is known, who is not, and who has no verified address all look the same.
func TestTheVoucherLetsNobodyInWhomWeDoNotKnow(t *testing.T) {
	t.Parallel()
	pages := map[string]bool{}
	for name, email := range map[string]string{"unknown": "eve@example.com", "not verified": ""} {
		s, _ := withVoucher(t, email)
		b := s.browser()
		w := b.comes(url.Values{"state": {b.goes()}, "code": {"x"}})
		s.want(name, w.Code, http.StatusForbidden)
		s.want(name, b.who(), "")
		pages[w.Body.String()] = true
	}
	s, _ := withVoucher(t, "ann@example.com")
	b := s.browser()
	w := b.comes(url.Values{"state": {b.goes()}, "code": {"x"}, "iss": {"https://evil.example"}})
	s.want("of another issuer", b.who(), "")
	pages[w.Body.String()] = true
	if len(pages) != 1 {
		t.Errorf("there are %d pages, want one: %v", len(pages), pages)
	}
}

func TestAVoucherThatCannotBeAskedLetsNobodyInAndSaysSo(t *testing.T) {
	t.Parallel()
	s, v := withVoucher(t, "ann@example.com")
	b := s.browser()
	state := b.goes()
	v.away = &beta.Error{Kind: beta.Unavailable, Message: "away", Retry: 5 * time.Second}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"coming": b.comes(url.Values{"state": {state}, "code": {"x"}}), "going": b.send("POST", "/sign-in/with", url.Values{}),
	} {
		s.want(what, w.Code, http.StatusServiceUnavailable)
		s.want(what, w.Header().Get("Retry-After"), "5")
	}
	s.want("who", b.who(), "")
}

func TestWithoutAVoucherNobodyIsSentAnywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	s.want("going", b.send("POST", "/sign-in/with", url.Values{}).Code, http.StatusNotFound)
	s.want("coming", b.send("GET", "/sign-in/return?code=x&state=y", nil).Code, http.StatusNotFound)
	if page := b.send("GET", "/sign-in", nil).Body.String(); strings.Contains(page, "/sign-in/with") {
		t.Errorf("the page offers it: %s", page)
	}
}

func TestAnotherSiteSendsNobodyToTheVoucher(t *testing.T) {
	t.Parallel()
	s, v := withVoucher(t, "ann@example.com")
	b := s.browser()
	w := b.send("POST", "/sign-in/with", url.Values{}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	s.want("from another site", w.Code, http.StatusForbidden)
	s.want("GET", b.send("GET", "/sign-in/with", nil).Code, http.StatusMethodNotAllowed)
	s.want("POST", b.send("POST", "/sign-in/return", url.Values{}).Code, http.StatusMethodNotAllowed)
	s.want("asked", v.said, signin.Once{})
}

func TestTheVoucherLeadsNobodyElsewhere(t *testing.T) {
	t.Parallel()
	s, v := withVoucher(t, "ann@example.com")
	b := s.browser()
	b.send("POST", "/sign-in/with", url.Values{"back": {"https://evil.example/ap/oa?"}})
	w := b.comes(url.Values{"state": {v.said.State}, "code": {"x"}})
	s.want("goes to", w.Header().Get("Location"), "/sign-in")
}

func TestGoingToTheVoucherIsLimitedByNetwork(t *testing.T) {
	t.Parallel()
	s, _ := withVoucher(t, "ann@example.com")
	for range 30 {
		s.browser().goes()
	}
	s.want("the 31st", s.browser().send("POST", "/sign-in/with", url.Values{}).Code, http.StatusTooManyRequests)
	other := s.browser()
	other.from = "192.0.2.2:1"
	other.goes()
}

func TestNothingOfTheVouchersIsStoredOrLogged(t *testing.T) {
	t.Parallel()
	s, v := withVoucher(t, "ann@example.com")
	b := s.browser()
	state := b.goes()
	secrets := map[string]string{
		"what the browser holds": b.cookies["__Host-tryout-away"].Value, "the state": state, "the nonce": v.said.Nonce, "the verifier": v.said.Verifier, "the code": "a secret code",
	}
	b.comes(url.Values{"state": {state}, "code": {"a secret code"}})
	secrets["the session"] = b.cookies["__Host-tryout-session"].Value
	gathered, err := prometheus.Gatherer(s.metrics).Gather()
	s.must(err)
	var metrics strings.Builder
	for _, family := range gathered {
		metrics.WriteString(family.String())
	}
	for place, text := range map[string]string{"the log": s.log.String(), "the metrics": metrics.String(), "the rows": storetest.Dump(t, storetest.Database(t, s.dir))} {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", what, place)
			}
		}
	}
}

func TestASignInWithTheVoucherIsForgottenLater(t *testing.T) {
	t.Parallel()
	s, _ := withVoucher(t, "ann@example.com")
	s.browser().goes()
	empty := func() bool { return !strings.Contains(storetest.Dump(t, storetest.Database(t, s.dir)), back) }
	s.want("at first nothing is stored", empty(), false)
	s.clock.Advance(24*time.Hour + time.Millisecond)
	_, err := s.Sweep(t.Context())
	s.must(err)
	s.want("a day later nothing is stored", empty(), true)
}
