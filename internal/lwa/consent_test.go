package lwa_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/web"
)

func TestTheCodeIsTheFirstParameter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for redirect, want := range map[string][2]string{
		callback:                       {callback + "?code=AN", "&state=s+t%26te&iss=https%3A%2F%2Fbeta.example.com"},
		"http://127.0.0.1:9090/cb?a=b": {"http://127.0.0.1:9090/cb?code=AN", "&state=s+t%26te&iss=https%3A%2F%2Fbeta.example.com&a=b"},
	} {
		w := s.press(s.formOn(s.open(s.query(set("redirect_uri", redirect)))))
		to := w.Header().Get("Location")
		if w.Code != 303 || !strings.HasPrefix(to, want[0]) || !strings.HasSuffix(to, want[1]) {
			t.Errorf("%s: got %d to %s", redirect, w.Code, to)
		}
		s.want("Referrer-Policy", w.Header().Get("Referrer-Policy"), "no-referrer")
	}
	without := s.allowed(del("state"))
	s.want("a state that was not sent", without.Has("state"), false)
}

func TestWhoIsNotSignedInIsAskedToAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.people.present = "nobody"
	back := s.open(s.query()).Header().Get("X-Back")
	s.people.present = "ann"
	f := s.formOn(s.send(httptest.NewRequest("GET", issuer+back, nil)))
	if codeIn(s.press(f)) == "" {
		t.Error("from where they come back they cannot go on")
	}
	s.people.present = "nobody"
	s.unchanged("an answer of nobody", func() {
		if w := s.press(f); w.Header().Get("X-Back") == "" || w.Header().Get("Location") != "" {
			t.Errorf("got %d to %q, want to be asked to sign in", w.Code, w.Header().Get("Location"))
		}
	})
}

// A client that writes its address in another way asks the same.
func TestAnAddressMayBeWrittenDifferently(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	raw := "state='x'|y&response_type=code&client_id=" + s.client.id + "&redirect_uri=" + callback + "&scope=" + lwa.ScopeWrite + "&empty=&more=1"
	f := s.formOn(s.send(httptest.NewRequest("GET", issuer+"/ap/oa?"+raw, nil)))
	got := sentTo(s.press(f))
	s.want("state", got.Get("state"), "'x'|y")
}

func TestWhereNobodyCanSignInThePageSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server, err := lwa.NewServer(lwa.Config{Access: s.access, Issuer: issuer, Pages: web.New(nil, beta.Links{}), Key: []byte("k")})
	s.must(err)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest("GET", issuer+"/ap/oa?"+s.query().Encode(), nil))
	if w.Code != 403 || !strings.Contains(w.Body.String(), "Nobody can sign in on this server yet") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestThePageThatAsksIsShownToNobodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hostile := s.newClient(lwa.Client{Vendor: "V1", Name: `</h1><script>x</script>` + strings.Repeat("W", 200), Scope: lwa.ScopeRead, RedirectURIs: []string{
		"https://evil.example;script-src/cb", "com.example.app:/cb", "http://[::1]:9/cb",
	}})
	for redirect, target := range map[string]string{
		"https://evil.example;script-src/cb": "https:", "com.example.app:/cb": "com.example.app:", "http://[::1]:9/cb": "http:",
	} {
		w := s.open(s.query(set("client_id", hostile.id), set("redirect_uri", redirect)))
		s.formOn(w)
		want := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' " + target + "; base-uri 'none'; frame-ancestors 'none'"
		s.want("policy", w.Header().Get("Content-Security-Policy"), want)
		if strings.Contains(w.Body.String(), "<script") {
			t.Errorf("the client's name is not escaped: %s", w.Body)
		}
	}
	w := s.open(s.query())
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' https://app.example; base-uri 'none'; frame-ancestors 'none'",
	} {
		s.want(name, w.Header().Get(name), want)
	}
}

func TestRedirectsThatCanBeRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for uri, want := range map[string]bool{
		"https://app.example/cb": true, "https://app.example:8443/cb?x=%20": true, "http://127.0.0.1:9090/cb": true,
		"http://localhost/cb": true, "http://[::1]:1/cb": true, "com.example.app:/cb": true,
		"": false, "http://app.example/cb": false, "https:///cb": false, "/cb": false, "app.example/cb": false,
		"https://app.example/cb#x": false, "https://app.example/cb#": false, "https://me@app.example/": false,
		"https://app.example/ cb": false, "https://app.example\\@evil.test/": false, "https://*.example/cb": false,
		"https://app.example/é": false, "javascript:alert(1)": false, "data:text/html,x": false, "file:///etc/passwd": false,
		"app:/cb": false, "com.example.app:alert(1)": false, "com.example.app://evil.test/cb": false, "http://127.0.0.1.evil.test/": false,
		"https://app.example/a\nb": false, "https://app.example/" + strings.Repeat("x", 2000): false, "HTTPS://app.example/cb": true,
	} {
		_, _, err := s.access.CreateClient(t.Context(), lwa.Client{Vendor: "V1", Name: "c", Scope: lwa.ScopeRead, RedirectURIs: []string{uri}})
		s.want(uri, err == nil, want)
	}
	for _, name := range []string{"", " ", "a\nb", strings.Repeat("x", 256)} {
		if _, _, err := s.access.CreateClient(t.Context(), lwa.Client{Vendor: "V1", Name: name, Scope: lwa.ScopeRead}); err == nil {
			t.Errorf("the name %q was taken", name)
		}
	}
}

func TestADatabaseThatCannotBeAskedIs503(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	away, cancel := context.WithCancel(t.Context())
	cancel()
	later := func(r *http.Request) { *r = *r.WithContext(away) }
	got := s.post(s.machine.form("client_credentials"), later)
	if got.status != 503 || got.text("error") != "temporarily_unavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("got %d %v %v", got.status, got.header, got.body)
	}
	r := httptest.NewRequest("GET", issuer+"/ap/oa?"+s.query().Encode(), nil)
	later(r)
	if w := s.send(r); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "<h1>") {
		t.Errorf("the page: got %d %v", w.Code, w.Header())
	}
}

func TestNothingSecretIsLoggedCountedToldOrStored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code, pkce := s.code(), s.code(set("code_challenge", challenge(verifier)), set("code_challenge_method", "S256"), set("state", "the-state"))
	access, refresh := s.tokens(s.exchange(code))
	s.tokens(s.exchange(pkce, set("code_verifier", verifier)))
	s.post(s.exchange(code))
	s.post(s.exchange("wrong-code", set("client_secret", "wrong-secret")))
	s.post(s.client.form("refresh_token", set("refresh_token", refresh), set("client_id", "wrong-client")))
	s.send(httptest.NewRequest("GET", issuer+"/auth/o2/tokeninfo?access_token="+url.QueryEscape(access), nil))
	s.send(httptest.NewRequest("GET", issuer+"/auth/o2/token?refresh_token="+url.QueryEscape(refresh), nil))
	s.open(s.query(set("redirect_uri", "https://wrong.example/cb")))
	secrets := append(s.tickets, code, pkce, access[5:], refresh[5:], s.client.secret, s.machine.secret, verifier,
		"wrong-code", "wrong-secret", "wrong-client", "wrong.example")
	notIn(t, "a refusal", s.told.String(), secrets)
	people := []string{"the-state", "ann@example.com", "s t&te"}
	log, metrics := s.log.String(), &strings.Builder{}
	families, err := s.metrics.Gather()
	s.must(err)
	for _, f := range families {
		fmt.Fprintln(metrics, f)
	}
	notIn(t, "the log", log, append(secrets, people...))
	notIn(t, "the metrics", metrics.String(), append(secrets, people...))
	if !strings.Contains(metrics.String(), "POST /auth/o2/token") || !strings.Contains(s.told.String(), "invalid_grant") {
		t.Errorf("metrics or refusals are missing: %s %s", metrics, s.told)
	}
	for _, want := range []string{`route="POST /auth/o2/token"`, `route="GET /ap/oa"`, `route="POST /ap/oa"`, "oauth_client=" + s.client.id, "error=invalid_grant"} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in the log:\n%s", want, log)
		}
	}
	s.notStored(append(s.tickets, code, pkce, access[5:], refresh[5:], s.client.secret, s.machine.secret, verifier))
}

// notIn checks that a text has none of the secrets, however they are written.
func notIn(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(text, form) {
				t.Errorf("%q stands in %s:\n%s", form, what, text)
			}
		}
	}
}
