package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/signin"
)

func TestCookiesAreThisHostsAlone(t *testing.T) {
	t.Parallel()
	for home, prefix := range map[string]string{home: "__Host-", "http://127.0.0.1:8080": "", "http://localhost": "", "http://[::1]:1": ""} {
		s := newSiteAt(t, home)
		b := s.browser()
		b.signsIn()
		c, there := b.cookies[prefix+"tryout-session"]
		if !there || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.Secure != (prefix != "") {
			t.Errorf("%s: got the cookie %+v", home, c)
		}
		s.want("life", c.MaxAge, int(12*time.Hour/time.Second))
	}
}

func TestNobodySignsInOverALineThatOthersRead(t *testing.T) {
	t.Parallel()
	s := newSiteAt(t, "http://beta.example.com")
	for _, route := range signin.Routes() {
		method, path, _ := strings.Cut(route, " ")
		w := s.browser().send(method, path, url.Values{"email": {"ann@example.com"}})
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "HTTPS") {
			t.Errorf("%s: got %d %s, want 403 and why", route, w.Code, w.Body)
		}
	}
	s.want("mails", len(s.mails()), 0)
}

func TestACookieThatIsThereTwiceIsNone(t *testing.T) {
	t.Parallel()
	s := newSiteAt(t, "http://127.0.0.1:8080") // without a prefix, another port can set one
	b := s.browser()
	b.signsIn()
	w := b.send("GET", "/sign-in", nil, func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "tryout-session", Value: strings.Repeat("A", 43)})
	})
	if !strings.Contains(w.Body.String(), `name="email"`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestAFormOfAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	for name, h := range map[string][2]string{
		"browser":     {"Sec-Fetch-Site", "cross-site"},
		"sister site": {"Sec-Fetch-Site", "same-site"},
		"old browser": {"Origin", "https://evil.example"},
		"no origin":   {"Origin", "null"},
	} {
		s := newSite(t)
		b := s.browser()
		b.signsIn()
		other := s.browser()
		other.asks("ann@example.com")
		code := s.letter().Code
		foreign := func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set(h[0], h[1])
		}
		for _, r := range []struct {
			path string
			form url.Values
			as   *browser
		}{
			{"/sign-out", url.Values{}, b}, {"/sign-in", url.Values{"email": {"ann@example.com"}}, b}, {"/sign-in/code", url.Values{"code": {code}}, other},
		} {
			if w := r.as.send("POST", r.path, r.form, foreign); w.Code != http.StatusForbidden {
				t.Errorf("%s: %s: got %d, want 403", name, r.path, w.Code)
			}
		}
		s.want(name+": signed in", b.who(), "Ann@example.com")
		s.want(name+": not signed in", other.who(), "")
	}
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"https://evil.example/ap/oa?", "//evil.example/ap/oa?x", "/\\evil.example", "/ap/oa", "/ap/oa?\r\nSet-Cookie: a=b", "/ap/oa?\\", "javascript:1", "", "/ap/oax?",
	} {
		s := newSite(t)
		b := s.browser()
		b.send("POST", "/sign-in", url.Values{"email": {"ann@example.com"}, "back": {evil}})
		w := b.types(s.letter().Code)
		s.want(evil, w.Header().Get("Location"), "/sign-in")
	}
}

func TestWhatIsNoAddressIsSaidSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, typed := range []string{"", "ann", "ann@", "a\x00@example.com", "\xff@example.com", `"><script>@x`} {
		w := s.browser().send("POST", "/sign-in", url.Values{"email": {typed}, "back": {back}})
		body := w.Body.String()
		if w.Code != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) || strings.Contains(body, "<script>") ||
			!strings.Contains(body, `value="/ap/oa?client_id=c&amp;state=x"`) {
			t.Errorf("%q: got %d %s", typed, w.Code, body)
		}
	}
	w := s.browser().send("POST", "/sign-in", url.Values{"email": {strings.Repeat("a", 17<<10)}})
	s.want("a long form", w.Code, http.StatusBadRequest)
	s.want("mails", len(s.mails()), 0)
}

func TestEachPathTakesItsMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, allow := range map[string]string{"/sign-in": "GET, HEAD, POST", "/sign-in/code": "GET, HEAD, POST", "/sign-out": "POST"} {
		w := s.browser().send("PUT", path, nil)
		s.want(path, w.Code, http.StatusMethodNotAllowed)
		s.want(path, w.Header().Get("Allow"), allow)
	}
	s.want("GET /sign-out", s.browser().send("GET", "/sign-out", nil).Code, http.StatusMethodNotAllowed)
	for _, path := range []string{"/sign-in", "/sign-in/code"} {
		h := s.browser().send("GET", path, nil).Header()
		if h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestWhatEndedLongAgoIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.signsIn()
	s.clock.Advance(24*time.Hour + time.Millisecond)
	for more := true; more; {
		var err error
		more, err = s.Sweep(t.Context())
		s.must(err)
	}
	s.want("mails", len(s.mails()), 0)
	w := b.send("GET", "/sign-in/code", nil)
	s.want("code", w.Code, http.StatusOK)
}
