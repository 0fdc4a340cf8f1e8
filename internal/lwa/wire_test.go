package lwa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"tryout/internal/lwa"
)

// raw posts a body of a kind to one of the two paths.
func (s *site) raw(path, kind, body string, change ...func(*http.Request)) reply {
	s.t.Helper()
	r := httptest.NewRequest("POST", issuer+path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for _, c := range change {
		c(r)
	}
	return s.reply(s.send(r))
}

const (
	isForm = "application/x-www-form-urlencoded"
	isJSON = "application/json"
)

func TestTheClientsAreUnderstoodAsTheySpeak(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	refresh := func() string { _, r := s.tokens(s.exchange(s.code())); return r }
	object := func(members map[string]any) string { text, _ := json.Marshal(members); return string(text) }
	for name, got := range map[string]reply{
		"ask-cli exchanging": s.raw("/auth/o2/token", isJSON, object(map[string]any{
			"grant_type": "authorization_code", "redirect_uri": callback, "client_id": s.client.id, "client_secret": s.client.secret, "code": s.code(),
		})),
		"ask-cli refreshing": s.raw("/auth/o2/token", isJSON, object(map[string]any{
			"grant_type": "refresh_token", "refresh_token": refresh(), "client_id": s.client.id, "client_secret": s.client.secret,
		})),
		"ask-cli, a charset": s.raw("/auth/o2/token", isJSON+"; charset=utf-8", object(map[string]any{
			"grant_type": "refresh_token", "refresh_token": refresh(), "client_id": s.client.id, "client_secret": s.client.secret,
			"more": []any{1, nil, map[string]any{"x": 1}}, "scope": nil,
		})),
		"the SDK refreshing, nothing encoded": s.raw("/auth/O2/token", isForm,
			"grant_type=refresh_token&client_secret="+s.client.secret+"&client_id="+s.client.id+"&refresh_token="+refresh()),
		"the SDK for itself, nothing encoded": s.raw("/auth/O2/token", isForm,
			"grant_type=client_credentials&client_secret="+s.machine.secret+"&client_id="+s.machine.id+"&scope=alexa::ask:skills:read alexa::ask:skills:readwrite"),
		"basic authentication": s.raw("/auth/o2/token", isForm, "grant_type=client_credentials",
			func(r *http.Request) { r.SetBasicAuth(s.machine.id, s.machine.secret) }),
		"basic authentication and the same id": s.raw("/auth/o2/token", isForm, "grant_type=client_credentials&client_id="+s.machine.id,
			func(r *http.Request) { r.SetBasicAuth(s.machine.id, s.machine.secret) }),
	} {
		if got.status != 200 || got.text("access_token") == "" {
			t.Errorf("%s: got %d %v, want tokens", name, got.status, got.body)
		}
	}
}

func TestWhatTwoReadersCouldReadDifferentlyIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := fmt.Sprintf(`"grant_type":"client_credentials","client_id":%q,"client_secret":%q`, s.machine.id, s.machine.secret)
	form := "grant_type=client_credentials&client_id=" + s.machine.id + "&client_secret=" + s.machine.secret
	basic := func(r *http.Request) { r.SetBasicAuth(s.machine.id, s.machine.secret) }
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Add(name, value) }
	}
	for name, got := range map[string]reply{
		"a member twice":              s.raw("/auth/o2/token", isJSON, "{"+good+`,"client_id":"x"}`),
		"a member twice, escaped":     s.raw("/auth/o2/token", isJSON, "{"+good+`,"client_\u0069d":"x"}`),
		"text behind":                 s.raw("/auth/o2/token", isJSON, "{"+good+"}{}"),
		"an array":                    s.raw("/auth/o2/token", isJSON, "[{"+good+"}]"),
		"cut short":                   s.raw("/auth/o2/token", isJSON, "{"+good),
		"bad UTF-8":                   s.raw("/auth/o2/token", isJSON, "{"+good+",\"x\":\"\xff\"}"),
		"nothing":                     s.raw("/auth/o2/token", isJSON, ""),
		"null":                        s.raw("/auth/o2/token", isJSON, "null"),
		"a number for the id":         s.raw("/auth/o2/token", isJSON, `{"grant_type":"client_credentials","client_id":1}`),
		"another case":                s.raw("/auth/o2/token", isJSON, "{"+strings.ReplaceAll(good, "client_id", "Client_ID")+"}"),
		"a form said to be JSON":      s.raw("/auth/o2/token", isJSON, form),
		"JSON said to be a form":      s.raw("/auth/o2/token", isForm, "{"+good+"}"),
		"no kind":                     s.raw("/auth/o2/token", "", form),
		"another kind":                s.raw("/auth/o2/token", "text/plain", form),
		"a broken kind":               s.raw("/auth/o2/token", ";", form),
		"two kinds":                   s.raw("/auth/o2/token", isForm, form, header("Content-Type", isJSON)),
		"encoded":                     s.raw("/auth/o2/token", isForm, form, header("Content-Encoding", "gzip")),
		"a bad escape":                s.raw("/auth/o2/token", isForm, form+"&x=%zz"),
		"a semicolon":                 s.raw("/auth/o2/token", isForm, form+";x=y"),
		"too long":                    s.raw("/auth/o2/token", isForm, form+"&x="+strings.Repeat("x", 16<<10)),
		"longer than the edge allows": s.raw("/auth/o2/token", isForm, form+"&x="+strings.Repeat("x", 300<<10)),
		"in the address":              s.raw("/auth/o2/token?"+form, isForm, ""),
		"partly in the address":       s.raw("/auth/o2/token?grant_type=client_credentials", isForm, form),
		"two proofs":                  s.raw("/auth/o2/token", isForm, form, basic),
		"two ids":                     s.raw("/auth/o2/token", isForm, "grant_type=client_credentials&client_id="+s.client.id, basic),
	} {
		if got.status != 400 && got.status != 413 || got.text("error") != "invalid_request" {
			t.Errorf("%s: got %d %v, want 400 invalid_request", name, got.status, got.body)
		}
	}
}

func TestOtherMethodsAreNotServed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct{ method, path, allow string }{
		{"GET", "/auth/o2/token?grant_type=client_credentials&client_id=" + s.machine.id, "POST"},
		{"PUT", "/auth/O2/token", "POST"},
		{"OPTIONS", "/auth/o2/token", "POST"},
		{"POST", "/auth/o2/tokeninfo", "GET, HEAD"},
		{"POST", "/user/profile", "GET, HEAD"},
		{"DELETE", "/.well-known/oauth-authorization-server", "GET, HEAD"},
		{"PUT", "/ap/oa", "GET, HEAD, POST"},
	} {
		w := s.send(httptest.NewRequest(c.method, issuer+c.path, nil))
		if w.Code != 405 || w.Header().Get("Allow") != c.allow || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: got %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
	}
	for path, want := range map[string]bool{
		"/ap/oa": true, "/auth/o2/token": true, "/auth/O2/token": true, "/auth/o2/tokeninfo": true, "/user/profile": true,
		"/.well-known/oauth-authorization-server": true,
		"/ap/oa/": false, "/AP/oa": false, "/auth/o2/%74oken": false, "/auth": false, "/": false, "/v1/vendors": false,
	} {
		s.want(path, s.Owns(path), want)
	}
}

// Only who fails is told to wait: nobody can lock a client out in its name.
func TestFailedAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":1" }
	}
	try := func(c credentials, address string) (statuses string) {
		for range 40 {
			got := s.post(c.form("client_credentials"), from(address))
			statuses += strconv.Itoa(got.status) + " "
			if got.status == 429 && (got.header.Get("Retry-After") == "" || got.text("error") != "temporarily_unavailable") {
				t.Errorf("429 without Retry-After: %v %v", got.header, got.body)
			}
		}
		return statuses
	}
	limited := func(statuses string) bool {
		return strings.HasPrefix(statuses, strings.Repeat("401 ", 30)) && strings.HasSuffix(statuses, "429 ")
	}
	wrong := credentials{s.machine.id, "wrong"}
	if got := try(wrong, "192.0.2.1"); !limited(got) {
		t.Errorf("of one address and client: %s", got)
	}
	if got := try(credentials{"nobody", "x"}, "192.0.2.1"); strings.Contains(got, "401") {
		t.Errorf("of that address, another client: %s", got)
	}
	if got := try(wrong, "192.0.2.2"); strings.Contains(got, "401") {
		t.Errorf("of that client, another address: %s", got)
	}
	if got := try(credentials{"nobody", "x"}, "192.0.2.3"); !limited(got) {
		t.Errorf("of neither: %s", got)
	}
	if got := try(s.machine, "192.0.2.1"); got != strings.Repeat("200 ", 40) {
		t.Errorf("the right secret all the same: %s", got)
	}
}

func TestATokenCanBeAskedAbout(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	of := func(path, token string) reply {
		return s.reply(s.send(httptest.NewRequest("GET", issuer+path+"?access_token="+url.QueryEscape(token), nil)))
	}
	access, refresh := s.tokens(s.exchange(s.code()))
	machines, _ := s.tokens(s.machine.form("client_credentials"))
	operators := issue(t, s.access, lwa.ScopeRead)
	s.clock.Advance(time.Minute)

	got := of("/auth/o2/tokeninfo", access)
	for name, want := range map[string]any{"iss": issuer, "user_id": "ann", "aud": s.client.id, "app_id": s.client.id, "exp": 3540.0, "iat": float64(1537947157)} {
		s.want(name, got.body[name], want)
	}
	got = of("/auth/o2/tokeninfo", machines)
	s.want("aud of a machine's", got.text("aud"), s.machine.id)
	s.want("user_id of a machine's", got.text("user_id"), "")
	got = of("/auth/o2/tokeninfo", operators)
	s.want("aud of the operator's", got.text("aud"), "")
	got = of("/user/profile", access)
	s.want("profile", fmt.Sprint(got.body), "map[email:ann@example.com name:ann@example.com user_id:ann]")
	s.want("profile of a machine", of("/user/profile", machines).text("error"), "insufficient_scope")
	for _, path := range []string{"/auth/o2/tokeninfo", "/user/profile"} {
		r := httptest.NewRequest("GET", issuer+path, nil)
		s.want("no token", s.reply(s.send(r)).text("error"), "invalid_request")
		r.Header.Set("Authorization", "Bearer "+access)
		s.want("in the header", s.reply(s.send(r)).status, 200)
		r.URL.RawQuery = "access_token=" + url.QueryEscape(access)
		s.want("twice", s.reply(s.send(r)).text("error"), "invalid_request")
		for name, token := range map[string]string{"a refresh token": refresh, "half": access[:20], "nonsense": "x"} {
			got := of(path, token)
			s.want(name, fmt.Sprint(got.status, got.text("error")), "400invalid_token")
		}
	}
	s.must(s.access.RevokeClient(t.Context(), s.client.id))
	s.want("revoked", of("/auth/o2/tokeninfo", access).text("error"), "invalid_token")
}

func TestTheServerDescribesItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.reply(s.send(httptest.NewRequest("GET", issuer+"/.well-known/oauth-authorization-server", nil)))
	for name, want := range map[string]string{
		"issuer": issuer, "authorization_endpoint": issuer + "/ap/oa", "token_endpoint": issuer + "/auth/o2/token",
		"response_types_supported": "[code]", "code_challenge_methods_supported": "[S256]",
		"grant_types_supported":                          "[authorization_code refresh_token client_credentials]",
		"token_endpoint_auth_methods_supported":          "[client_secret_post client_secret_basic]",
		"scopes_supported":                               "[" + lwa.ScopeRead + " " + lwa.ScopeWrite + "]",
		"authorization_response_iss_parameter_supported": "true",
	} {
		s.want(name, fmt.Sprint(got.body[name]), want)
	}
}
