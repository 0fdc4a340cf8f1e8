package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tryout/internal/foreign"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/storetest"
)

// gates is a fixture with every kind of credential.
type gates struct {
	*fixture
	asking      string // a client that asks people
	credentials []credential
}

func newMatrix(t *testing.T) *gates {
	t.Helper()
	i := newIssuer(t)
	f := &gates{fixture: reopened(t, foreignSettings{
		issuer: foreign.IssuerConfig{URL: i.URL, Audience: "api", ClientID: "tryout", Title: "Example"},
		issuerRules: foreign.Rules{
			{Part: lwa.Owner, Vendor: "A", Claim: "sub", Value: "o"}, {Part: lwa.Editor, Vendor: "A", Claim: "sub", Value: "e"}, {Part: lwa.Viewer, Vendor: "A", Claim: "sub", Value: "v"},
		},
		amazon:      foreign.AmazonConfig{Base: "http://127.0.0.1:1", Clients: []string{"c"}}, // where nobody listens
		amazonRules: foreign.Rules{{Part: lwa.Owner, Vendor: "A", Claim: "user_id", Value: "o"}},
	})}
	t.Cleanup(func() {
		f.public.Serve(stopped())
		f.close()
	})
	person := f.people(t)
	revoked := f.values["A"]
	f.revoke(t, revoked)
	everything, err := f.access.Issue(t.Context(), "A", lwa.ScopeWrite, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	reads := []rule{toVendors, toRead, toInfo}
	f.credentials = []credential{
		{name: "nothing"},
		{name: "a bad token", token: "Atza|bad"},
		{name: "an expired token", token: f.values["EXPIRED"]},
		{name: "a revoked token", token: revoked},
		{name: "a refresh token", token: person[lwa.Owner].RefreshToken},
		{name: "a session", cookie: "ownerp@x.test"},
		{name: "a session's cookie as a token", token: f.session(t, "ownerp@x.test")},
		{name: "somebody who lost their role", token: person[""].AccessToken},
		{name: "another vendor", token: f.values["B"], allows: []rule{toVendors, toInfo}},
		{name: "a token to read", token: f.values["A_READ"], allows: reads},
		{name: "a token for everything", token: everything, allows: append(reads, toTesters, toTests)},
		{name: "a viewer", token: person[lwa.Viewer].AccessToken, allows: append(reads, toProfile)},
		{name: "an editor", token: person[lwa.Editor].AccessToken, allows: append(reads, toProfile, toTesters)},
		{name: "somebody of the issuer without a role", token: i.token("x", "api")},
		{name: "an owner's token of the issuer for others", token: i.token("o", "others")},
		{name: "an owner's ID token of the issuer", token: i.token("o", "tryout")},
		{name: "a token while who gave it is away", token: "Atza|" + strings.Repeat("x", 400), away: true},
		{name: "a viewer of the issuer", token: i.token("v", "api"), allows: []rule{toVendors, toRead}},
		{name: "an editor of the issuer", token: i.token("e", "api"), allows: []rule{toVendors, toRead, toTesters}},
		{name: "an owner of the issuer", token: i.token("o", "api"), allows: []rule{toVendors, toRead, toTesters, toTests}},
		{name: "an owner", token: person[lwa.Owner].AccessToken, allows: append(reads, toProfile, toTesters, toTests)},
	}
	return f
}

// reopened is a fixture on what was seeded before, since vendors must be there to
// have rules.
func reopened(t *testing.T, others foreignSettings) *fixture {
	t.Helper()
	dir := t.TempDir()
	before := buildFixture(t, dir)
	before.seed(t)
	before.public.Serve(stopped())
	before.close()
	if !storetest.OnPostgres() { // a copy: a process that is just being started may still hold the lock
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		dir = copied
	}
	f := buildFixtureWith(t, dir, others)
	f.values = before.values
	return f
}

const matrixRedirect = "http://127.0.0.1:9090/cb"

// people gives tokens to owners of the vendor A, and then leaves each the part
// that is asked for: that counts at once.
func (f *gates) people(t *testing.T) map[lwa.Part]tokens {
	t.Helper()
	id, secret := f.fixture.client(t, matrixRedirect)
	f.asking = id
	register := signin.Register{Store: f.store, Now: time.Now}
	given := map[lwa.Part]tokens{}
	for _, part := range []lwa.Part{lwa.Owner, lwa.Editor, lwa.Viewer, ""} {
		address := string(part) + "p@x.test"
		code := f.code(t, f.person(t, address, lwa.Owner), id, matrixRedirect, "")
		given[part] = f.tokens(t, url.Values{
			"grant_type": {"authorization_code"}, "redirect_uri": {matrixRedirect}, "client_id": {id}, "client_secret": {secret}, "code": {code},
		})
		err := register.Revoke(t.Context(), emailOf(t, address), "A")
		if err == nil && part != "" {
			err = register.Grant(t.Context(), emailOf(t, address), "A", part)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return given
}

func (f *gates) revoke(t *testing.T, token string) {
	t.Helper()
	if found, err := f.access.Revoke(t.Context(), token); err != nil || !found {
		t.Fatalf("revoke: %v, %v", found, err)
	}
}

// walk checks every cell of a row.
func (f *gates) walk(t *testing.T, route string, r rule) {
	t.Helper()
	first := f.ask(t, route, f.credentials[0])
	for _, c := range f.credentials {
		got := f.ask(t, route, c)
		switch r {
		case toAll:
			if got.Code != first.Code {
				t.Errorf("%s with %s: got %d, with nothing %d", route, c.name, got.Code, first.Code)
			}
		case toSession:
			if in := got.Body.String() != first.Body.String(); in != (c.cookie != "") {
				t.Errorf("%s with %s: it is another page than with nothing: %v", route, c.name, in)
			}
		default:
			if want, is := c.status(r); !is(got.Code) {
				t.Errorf("%s with %s: got %d, want %s", route, c.name, got.Code, want)
			}
		}
	}
}

// ask sends a request to a route, with something in place of its parameters.
func (f *gates) ask(t *testing.T, route string, c credential) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{skillId}", fixtureSkill, "{emailId}", "t1@x.test", "{batchId}", "none", "{relay}", "none", "{secret}", "none",
		"{link}", "none", "{id}", "none", "{file}", "page.css").Replace(path)
	switch path {
	case "/v1/skills":
		path += "?vendorId=A"
	case "/ap/oa":
		path += "?" + url.Values{
			"response_type": {"code"}, "client_id": {f.asking}, "redirect_uri": {matrixRedirect}, "scope": {lwa.ScopeWrite},
		}.Encode()
	}
	req := httptest.NewRequest(method, f.url+path, nil)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.cookie != "" {
		req.AddCookie(&http.Cookie{Name: "tryout-session", Value: f.session(t, c.cookie)}) // anew: a row may end it
	}
	w := httptest.NewRecorder()
	f.edge.ServeHTTP(w, req)
	return w
}
