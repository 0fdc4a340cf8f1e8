package lwa_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/lwa"
)

const verifier = "a verifier of PKCE, forty-three octets at least"

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// unchanged checks that misuse left nothing behind: no code, no token.
func (s *site) unchanged(name string, misuse func()) {
	s.t.Helper()
	before := s.dump()
	misuse()
	if after := s.dump(); after != before {
		s.t.Errorf("%s: changed the database:\n%s\n%s", name, before, after)
	}
}

// Whom to answer is not certain: a page says so, and nobody is sent anywhere.
func TestNobodyIsSentToAnAddressThatWasNotRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	revoked := s.newClient(lwa.Client{Vendor: "V1", Name: "gone", Scope: lwa.ScopeRead, RedirectURIs: []string{callback}})
	s.must(s.access.RevokeClient(t.Context(), revoked.id))
	foreign := s.newClient(lwa.Client{Vendor: "V2", Name: "theirs", Scope: lwa.ScopeRead, RedirectURIs: []string{"https://theirs.example/cb"}})
	redirect := func(uri string) []edit { return []edit{set("redirect_uri", uri)} }
	for name, edits := range map[string][]edit{
		"no redirect":                    {del("redirect_uri")},
		"an empty redirect":              redirect(""),
		"the host in another case":       redirect("https://APP.example/cb"),
		"the path in another case":       redirect("https://app.example/CB"),
		"the scheme in another case":     redirect("HTTPS://app.example/cb"),
		"a slash at the end":             redirect(callback + "/"),
		"a slash less":                   redirect("https://app.example"),
		"a suffix of the path":           redirect(callback + "x"),
		"a path below":                   redirect(callback + "/evil"),
		"a path out":                     redirect(callback + "/../evil"),
		"a dot":                          redirect("https://app.example/./cb"),
		"an escaped letter":              redirect("https://app.example/%63b"),
		"the usual port":                 redirect("https://app.example:443/cb"),
		"another port":                   redirect("https://app.example:8443/cb"),
		"another port of the loopback":   redirect("http://127.0.0.1:9091/cb?a=b"),
		"localhost for the loopback":     redirect("http://localhost:9090/cb?a=b"),
		"a suffix of the host":           redirect("https://app.example.evil.test/cb"),
		"a host before":                  redirect("https://evil.test/https://app.example/cb"),
		"a host below":                   redirect("https://evil.app.example/cb"),
		"a dot at the host's end":        redirect("https://app.example./cb"),
		"a user":                         redirect("https://app.example@evil.test/cb"),
		"a user and password":            redirect("https://app.example:x@evil.test/cb"),
		"a user before the host":         redirect("https://me@app.example/cb"),
		"http":                           redirect("http://app.example/cb"),
		"no scheme":                      redirect("//app.example/cb"),
		"javascript":                     redirect("javascript:alert(1)"),
		"a query more":                   redirect(callback + "?x=1"),
		"a query less":                   redirect("http://127.0.0.1:9090/cb"),
		"a fragment":                     redirect(callback + "#x"),
		"a space before":                 redirect(" " + callback),
		"a backslash":                    redirect(`https://app.example\@evil.test/cb`),
		"a line break":                   redirect(callback + "\r\nX: y"),
		"two redirects, the first good":  {add("redirect_uri", "https://evil.test/cb")},
		"two redirects, the second good": {set("redirect_uri", "https://evil.test/cb"), add("redirect_uri", callback)},
		"another client's redirect":      redirect("https://theirs.example/cb"),
		"no client":                      {del("client_id")},
		"a client nobody knows":          {set("client_id", "nobody")},
		"the client in another case":     {set("client_id", strings.ToUpper(s.client.id))},
		"two clients":                    {add("client_id", foreign.id)},
		"a client that was revoked":      {set("client_id", revoked.id)},
		"a client that asks nobody":      {set("client_id", s.machine.id)},
		"another client with ours":       {set("client_id", foreign.id)},
	} {
		s.unchanged(name, func() {
			w := s.open(s.query(edits...))
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "<form") {
				t.Errorf("%s: got %d to %q, want 400 and to nowhere", name, w.Code, w.Header().Get("Location"))
			}
		})
	}
}

func TestWhatTheClientDidWrongItIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		name  string
		want  string
		edits []edit
	}{
		{"no response type", "invalid_request", []edit{del("response_type")}},
		{"the implicit grant", "unsupported_response_type", []edit{set("response_type", "token")}},
		{"a hybrid", "unsupported_response_type", []edit{set("response_type", "code token")}},
		{"an unknown scope", "invalid_scope", []edit{set("scope", "everything")}},
		{"a scope in another case", "invalid_scope", []edit{set("scope", strings.ToUpper(lwa.ScopeWrite))}},
		{"a plain challenge", "invalid_request", []edit{set("code_challenge", challenge(verifier)), set("code_challenge_method", "plain")}},
		{"a challenge without its method, which means plain", "invalid_request", []edit{set("code_challenge", challenge(verifier))}},
		{"the method in another case", "invalid_request", []edit{set("code_challenge", challenge(verifier)), set("code_challenge_method", "s256")}},
		{"a method without a challenge", "invalid_request", []edit{set("code_challenge_method", "S256")}},
		{"a challenge too short", "invalid_request", []edit{set("code_challenge", challenge(verifier)[1:]), set("code_challenge_method", "S256")}},
		{"a challenge of other letters", "invalid_request", []edit{set("code_challenge", "="+challenge(verifier)[1:]), set("code_challenge_method", "S256")}},
	} {
		s.unchanged(c.name, func() {
			s.wantSentBack(c.name, s.open(s.query(c.edits...)).Header().Get("Location"), callback+"?error="+c.want+"&")
		})
	}
}

// wantSentBack checks where a browser is sent with an error: the error first,
// then the state, and who says so.
func (s *site) wantSentBack(name, location, prefix string) {
	s.t.Helper()
	if !strings.HasPrefix(location, prefix) || !strings.Contains(location, "&state=s+t%26te&") || !strings.HasSuffix(location, "&iss="+url.QueryEscape(issuer)) {
		s.t.Errorf("%s: sent to %q, want %s..., state and iss", name, location, prefix)
	}
}

func TestAnAnswerCountsOnlyOnThePageThatAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set(name, value) }
	}
	fresh := func() form { return s.formOn(s.open(s.query())) }
	other := s.formOn(s.open(s.query(set("state", "another"))))
	altered := func(edits ...edit) form {
		f := fresh()
		f.fields = values(f.fields, edits)
		return f
	}
	last := fresh().fields.Get("ticket")
	flipped := last[:len(last)-2] + string(last[len(last)-2]^1) + last[len(last)-1:]
	from := func(name, value string) func() int {
		return func() int { return s.press(fresh(), header(name, value)).Code }
	}
	filled := func(edits ...edit) func() int { return func() int { return s.press(altered(edits...)).Code } }
	moved := func(f form, from, to string) int {
		f.action = strings.Replace(f.action, url.QueryEscape(from), url.QueryEscape(to), 1)
		return s.press(f).Code
	}
	s.people.set("bob", "V1", lwa.Owner)
	for name, ask := range map[string]func() int{
		"from another site":          from("Sec-Fetch-Site", "cross-site"),
		"from a sister site":         from("Sec-Fetch-Site", "same-site"),
		"from another origin":        from("Origin", "https://evil.test"),
		"from a page without origin": from("Origin", "null"),
		"without a ticket":           filled(del("ticket")),
		"with an altered ticket":     filled(set("ticket", flipped)),
		"with a shorter ticket":      filled(set("ticket", last[:len(last)-4])),
		"with another page's ticket": filled(set("ticket", other.fields.Get("ticket"))),
		"for a wider scope": func() int {
			return moved(s.formOn(s.open(s.query(set("scope", lwa.ScopeRead)))), lwa.ScopeRead, lwa.ScopeWrite)
		},
		"for another redirect": func() int { return moved(fresh(), callback, "http://127.0.0.1:9090/cb?a=b") },
		"by somebody else": func() int {
			f := fresh()
			s.people.present = "bob"
			defer func() { s.people.present = "ann" }()
			return s.press(f).Code
		},
		"in another sign-in": func() int {
			f := fresh()
			s.people.session = "two"
			defer func() { s.people.session = "one" }()
			return s.press(f).Code
		},
		"too late": func() int {
			f := fresh()
			s.clock.Advance(time.Hour)
			return s.press(f).Code
		},
	} {
		s.unchanged(name, func() {
			if got := ask(); got != http.StatusForbidden {
				t.Errorf("%s: got %d, want 403", name, got)
			}
		})
	}
	f := fresh()
	s.unchanged("in the address", func() {
		if w := s.open(values(s.query(), []edit{set("ticket", f.fields.Get("ticket")), set("answer", "allow"), set("vendor", "V1")})); w.Code != 200 {
			t.Errorf("an answer by GET: got %d, want the page", w.Code)
		}
	})
	s.unchanged("no", func() {
		s.wantSentBack("no", s.press(altered(set("answer", "deny"))).Header().Get("Location"), callback+"?error=access_denied&")
		s.wantSentBack("neither", s.press(altered(del("answer"))).Header().Get("Location"), callback+"?error=access_denied&")
		s.wantSentBack("another vendor", s.press(altered(set("vendor", "V2"))).Header().Get("Location"), callback+"?error=access_denied&")
	})
}

// A refused request for tokens leaves everything as it was: the code is still
// good for its client afterwards.
func TestMisuseOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := s.newClient(lwa.Client{Vendor: "V1", Name: "other", Scope: lwa.ScopeWrite, RedirectURIs: []string{callback}})
	revoked := s.newClient(lwa.Client{Vendor: "V1", Name: "gone", Scope: lwa.ScopeWrite})
	s.must(s.access.RevokeClient(t.Context(), revoked.id))
	reader := s.newClient(lwa.Client{Vendor: "V1", Name: "reader", Scope: lwa.ScopeRead})
	askCLI := credentials{"amzn1.application-oa2-client.aad322b5faab44b980c8f87f94fbac56", "1642d8869b829dda3311d6c6539f3ead55192e3fc767b9071c888e60ef151cf9"}
	code, pkce := s.code(), s.code(set("code_challenge", challenge(verifier)), set("code_challenge_method", "S256"))
	access, refresh := s.tokens(s.exchange(s.code(set("scope", lwa.ScopeRead))))
	as := func(c credentials) edit {
		return func(v url.Values) { v.Set("client_id", c.id); v.Set("client_secret", c.secret) }
	}
	refreshing := func(edits ...edit) url.Values {
		return s.client.form("refresh_token", append([]edit{set("refresh_token", refresh)}, edits...)...)
	}
	for _, c := range []struct {
		name   string
		status int
		want   string
		form   url.Values
	}{
		{"no client", 400, "invalid_request", s.exchange(code, del("client_id"))},
		{"no secret", 401, "invalid_client", s.exchange(code, del("client_secret"))},
		{"a wrong secret", 401, "invalid_client", s.exchange(code, set("client_secret", "x"))},
		{"a secret less a letter", 401, "invalid_client", s.exchange(code, set("client_secret", s.client.secret[1:]))},
		{"another client's secret", 401, "invalid_client", s.exchange(code, set("client_secret", s.machine.secret))},
		{"an unknown client", 401, "invalid_client", s.exchange(code, set("client_id", "nobody"))},
		{"a client in another case", 401, "invalid_client", s.exchange(code, set("client_id", strings.ToUpper(s.client.id)))},
		{"a revoked client", 401, "invalid_client", revoked.form("client_credentials")},
		{"ask-cli's own, not allowed", 401, "invalid_client", s.exchange(code, as(askCLI))},
		{"a client twice", 400, "invalid_request", s.exchange(code, add("client_id", s.client.id))},
		{"a secret twice", 400, "invalid_request", s.exchange(code, add("client_secret", "x"))},

		{"no grant type", 400, "invalid_request", s.exchange(code, del("grant_type"))},
		{"an empty grant type", 400, "invalid_request", s.exchange(code, set("grant_type", ""))},
		{"the password grant", 400, "unsupported_grant_type", s.client.form("password", set("username", "ann"), set("password", "x"))},
		{"the implicit grant", 400, "unsupported_grant_type", s.client.form("token")},
		{"a grant type in another case", 400, "unsupported_grant_type", s.exchange(code, set("grant_type", "Authorization_Code"))},
		{"a device code", 400, "unsupported_grant_type", s.client.form("urn:ietf:params:oauth:grant-type:device_code")},

		{"no code", 400, "invalid_request", s.exchange(code, del("code"))},
		{"an unknown code", 400, "invalid_grant", s.exchange("ANnothing")},
		{"a code less a letter", 400, "invalid_grant", s.exchange(code[:len(code)-1])},
		{"a code and a letter", 400, "invalid_grant", s.exchange(code + "x")},
		{"a code twice", 400, "invalid_request", s.exchange(code, add("code", code))},
		{"another client's code", 400, "invalid_grant", s.exchange(code, as(other))},
		{"no redirect", 400, "invalid_request", s.exchange(code, del("redirect_uri"))},
		{"another redirect, registered too", 400, "invalid_grant", s.exchange(code, set("redirect_uri", "http://127.0.0.1:9090/cb?a=b"))},
		{"the redirect with a slash", 400, "invalid_grant", s.exchange(code, set("redirect_uri", callback+"/"))},
		{"the redirect in another case", 400, "invalid_grant", s.exchange(code, set("redirect_uri", "https://APP.example/cb"))},

		{"no verifier", 400, "invalid_grant", s.exchange(pkce)},
		{"an empty verifier", 400, "invalid_grant", s.exchange(pkce, set("code_verifier", ""))},
		{"a wrong verifier", 400, "invalid_grant", s.exchange(pkce, set("code_verifier", verifier+"x"))},
		{"the challenge for a verifier", 400, "invalid_grant", s.exchange(pkce, set("code_verifier", challenge(verifier)))},
		{"a verifier of another case", 400, "invalid_grant", s.exchange(pkce, set("code_verifier", strings.ToUpper(verifier)))},
		{"a verifier for a code without challenge", 400, "invalid_grant", s.exchange(code, set("code_verifier", verifier))},

		{"no refresh token", 400, "invalid_request", refreshing(del("refresh_token"))},
		{"an unknown refresh token", 400, "invalid_grant", refreshing(set("refresh_token", "Atzr|x"))},
		{"another client's refresh token", 400, "invalid_grant", refreshing(as(other))},
		{"a machine with a person's refresh token", 400, "invalid_grant", refreshing(as(s.machine))},
		{"a refresh token twice", 400, "invalid_request", refreshing(add("refresh_token", refresh))},
		{"an access token to refresh", 400, "invalid_grant", refreshing(set("refresh_token", access))},
		{"a code to refresh", 400, "invalid_grant", refreshing(set("refresh_token", code))},
		{"a refresh token for a code", 400, "invalid_grant", s.exchange(refresh)},
		{"a wider scope", 400, "invalid_scope", refreshing(set("scope", lwa.ScopeWrite))},
		{"a wider scope beside the old", 400, "invalid_scope", refreshing(set("scope", lwa.ScopeRead+" "+lwa.ScopeWrite))},
		{"an unknown scope", 400, "invalid_scope", refreshing(set("scope", "everything"))},

		{"a client that asks people, for itself", 400, "unauthorized_client", s.client.form("client_credentials")},
		{"a scope that the client has not", 400, "invalid_scope", reader.form("client_credentials", set("scope", lwa.ScopeWrite))},
		{"no known scope for itself", 400, "invalid_scope", reader.form("client_credentials", set("scope", "undefined"))},
	} {
		s.unchanged(c.name, func() {
			got := s.post(c.form)
			if got.status != c.status || got.text("error") != c.want || got.text("error_description") == "" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: got %d %v, want %d %s", c.name, got.status, got.body, c.status, c.want)
			}
			s.want(c.name+": the way to prove who it is", got.header.Get("WWW-Authenticate") != "", c.status == 401)
		})
	}
	for name, form := range map[string]url.Values{"code": s.exchange(code), "code with PKCE": s.exchange(pkce, set("code_verifier", verifier)), "refresh token": refreshing()} {
		if got := s.post(form); got.status != 200 {
			t.Errorf("after all that the %s is no good: %v", name, got)
		}
	}
}
