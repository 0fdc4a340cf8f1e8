package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"tryout/internal/lwa"
)

// amazonLength is that of Amazon's tokens, at least; ours are shorter, and never
// shown to anybody.
const amazonLength = 350

// door stands before a Tryout that stands in for Login with Amazon: its tokens
// get Amazon's length, by what is cut off again on the way in.
type door struct {
	*httptest.Server
	shut  atomic.Bool
	asked atomic.Int64
}

func newDoor(t *testing.T, to string) *door {
	t.Helper()
	behind, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		if q := r.Out.URL.Query(); q.Has("access_token") {
			q.Set("access_token", inside(q.Get("access_token")))
			r.Out.URL.RawQuery = q.Encode()
		}
		if h := r.Out.Header.Get("Authorization"); h != "" {
			r.Out.Header.Set("Authorization", "Bearer "+inside(strings.TrimPrefix(h, "Bearer ")))
		}
	}}
	d := &door{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		if d.shut.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

func outside(token string) string { return token + strings.Repeat("-", amazonLength-len(token)) }

func inside(token string) string { return strings.TrimRight(token, "-") }

// Another Tryout stands in for Amazon: it speaks the same endpoints.
func TestTokensOfLoginWithAmazonAreGoodWhereTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	amazon := reopened(t, foreignSettings{})
	amazon.serve(t)
	given := amazon.amysTokens(t)
	door := newDoor(t, amazon.url)

	s := newSite(t, openInbox(t).Addr().String())
	s.env = append(s.env, "TRYOUT_LWA_ROLE=viewer:V1:user_id=nobody,editor:V1:email=AMY@x.test")
	p := s.serve("--lwa-url", door.URL, "--lwa-client-id", amazonClient+"another,"+given.client)
	p.startTest()
	status := func(token, method, path, body string) int {
		resp, text := p.get(p.request(token, method, path, body))
		if strings.Contains(text, token) {
			t.Errorf("the token stands in %s", text)
		}
		if (resp.Header.Get("Retry-After") != "") != (resp.StatusCode == 503) {
			t.Errorf("%d has Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		return resp.StatusCode
	}
	amy := outside(given.AccessToken)
	want := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	want("amy reads", status(amy, "GET", tests, ""), 200)
	want("amy adds", status(amy, "POST", tests+"/testers/add", addBody("t@x.test")), 204)
	want("amy ends", status(amy, "POST", tests+"/end", ""), 403)
	want("Amazon was asked", int(door.asked.Load()), 2)

	want("a client of others", status(outside(given.others), "GET", tests, ""), 401)
	want("a token that is unknown there", status(outside("Atza|"+strings.Repeat("x", 43)), "GET", tests, ""), 401)
	asked := door.asked.Load()
	want("its token as it is, which has our form", status(given.AccessToken, "GET", tests, ""), 401)
	want("and is not shown", int(door.asked.Load()-asked), 0)

	door.shut.Store(true)
	want("amy, while Amazon is away", status(amy, "GET", tests, ""), 200)
	want("a token not seen before, while Amazon is away", status(amy+"-", "GET", tests, ""), 503)
	want("our own, while Amazon is away", status(p.token, "GET", tests, ""), 200)
	door.shut.Store(false)
	want("a token not seen before, once Amazon is back", status(amy+"-", "GET", tests, ""), 200)
}

// accessOfAmy is tokens that clients got for amy, one of them ours.
type accessOfAmy struct {
	tokens
	client string
	others string // the access token of another client
}

func (f *fixture) amysTokens(t *testing.T) accessOfAmy {
	t.Helper()
	amy := f.person(t, "amy@x.test", lwa.Owner)
	get := func() (tokens, string) {
		id, secret := f.client(t, matrixRedirect)
		return f.tokens(t, url.Values{
			"grant_type": {"authorization_code"}, "redirect_uri": {matrixRedirect}, "client_id": {id}, "client_secret": {secret},
			"code": {f.code(t, amy, id, matrixRedirect, "")},
		}), id
	}
	ours, client := get()
	others, _ := get()
	return accessOfAmy{ours, client, others.AccessToken}
}

func TestEveryMistakeAboutOthersIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config foreignConfig
		want   []string
	}{
		{foreignConfig{LWAURL: "https://h"}, nil},
		{foreignConfig{OIDCIssuer: "https://h/realm", OIDCClientID: "c", LWAURL: "https://h"}, nil},
		{foreignConfig{OIDCIssuer: "http://localhost:1", OIDCAudience: "a", OIDCRole: []string{"owner:V1:sub=x", " viewer:V1:sub=y"}, LWAURL: "https://h"}, nil},
		{foreignConfig{LWAClientID: []string{amazonClient + "c"}, LWARole: []string{"owner:V1:email=a@x.test"}, LWAURL: "http://[::1]:1/"}, nil},
		{
			foreignConfig{OIDCAudience: "a", OIDCRole: []string{"owner:V1"}, OIDCClientID: "c", OIDCSecret: "s", OIDCName: "n", LWAURL: "http://h"},
			[]string{"--oidc-role: \"owner:V1\": must be ROLE", "--oidc-audience: needs --oidc-issuer", "--oidc-role: needs", "--oidc-client-id: needs", "--oidc-client-secret: needs", "--oidc-name: needs", "--lwa-url: "},
		},
		{foreignConfig{OIDCIssuer: "https://h", LWAURL: "https://h"}, []string{"--oidc-issuer: does nothing"}},
		{
			foreignConfig{OIDCIssuer: "http://h", OIDCAudience: "a", OIDCClientID: "a", LWAURL: "https://h?x"},
			[]string{"--oidc-issuer: must be https", "--oidc-audience: must not be", "--oidc-audience: needs --oidc-role", "--lwa-url: "},
		},
		{
			foreignConfig{OIDCIssuer: "https://h", OIDCRole: []string{"admin:V1:sub=x", "owner:V1:=x"}, OIDCSecret: "s", LWAURL: "https://h"},
			[]string{"the role must be owner, editor or viewer, not \"admin\"", "the claim or its value is missing", "--oidc-issuer: does nothing", "--oidc-role: needs --oidc-audience", "--oidc-client-secret: needs --oidc-client-id"},
		},
		{foreignConfig{LWAClientID: []string{""}, LWARole: []string{""}, OIDCRole: []string{" "}, LWAURL: "https://h"}, nil},
		{foreignConfig{LWAClientID: []string{amazonClient + "c"}, LWAURL: "https://h"}, []string{"--lwa-client-id: needs --lwa-role"}},
		{foreignConfig{LWAClientID: []string{"foo", amazonClient}, LWARole: []string{"owner:V1:email=a@x.test"}, LWAURL: "https://h"}, []string{
			`--lwa-client-id: "foo": must be that of a security profile`, `--lwa-client-id: "` + amazonClient + `": must`,
		}},
		{foreignConfig{LWARole: []string{"owner:V1:groups=x"}, LWAURL: "https://h"}, []string{"Amazon says only user_id and email", "--lwa-role: needs --lwa-client-id"}},
	} {
		check := &checker{}
		check.foreign(c.config)
		for _, want := range c.want {
			found := false
			for _, m := range check.mistakes {
				found = found || strings.Contains(m.Error(), want)
			}
			if !found {
				t.Errorf("%+v: %q is not among %v", c.config, want, check.mistakes)
			}
		}
		if len(check.mistakes) != len(c.want) {
			t.Errorf("%+v: got %v, want %d mistakes", c.config, check.mistakes, len(c.want))
		}
	}
}

func TestARuleAboutAVendorThatIsNotThereStartsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, openInbox(t).Addr().String())
	cmd := tryout(t, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--smtp", "smtp://" + s.relay, "--mail-from", "beta@tryout.test", "--lwa-client-id", amazonClient + "c", "--lwa-role", "owner:V8:user_id=x",
		"--oidc-issuer", "http://127.0.0.1:1", "--oidc-audience", "a", "--oidc-role", "owner:V1:sub=x,owner:V9:sub=x,viewer:V9:sub=y",
	}, s.where...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != exitUsage {
		t.Errorf("it ended with %v, want %d", err, exitUsage)
	}
	for _, want := range []string{`--oidc-role: there is no vendor "V9"`, `--lwa-role: there is no vendor "V8"`} {
		if strings.Count(errs.String(), want) != 1 {
			t.Errorf("it says %s, want %s once", &errs, want)
		}
	}
	if strings.Contains(errs.String(), "V1") || strings.Contains(errs.String(), "listening") {
		t.Errorf("it says %s", &errs)
	}
}
