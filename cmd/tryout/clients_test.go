package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// ann makes somebody who owns the vendor A, and returns her id.
func (f *fixture) ann(t *testing.T) string {
	t.Helper()
	return f.person(t, "ann@x.test", lwa.Owner)
}

// person makes somebody with a part in the vendor A, and returns their id.
func (f *fixture) person(t *testing.T, address string, part lwa.Part) string {
	t.Helper()
	email, people := emailOf(t, address), signin.Register{Store: f.store, Now: time.Now}
	p, err := people.Create(t.Context(), email, "", "")
	if err == nil {
		err = people.Grant(t.Context(), email, "A", part)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// nameClients makes two clients with refresh tokens, and codes for the first.
func (f *fixture) nameClients(t *testing.T) {
	t.Helper()
	ann := f.ann(t)
	const redirect = "http://127.0.0.1:9090/cb"
	asking, secret := f.client(t, redirect)
	other, otherSecret := f.client(t)
	challenge := sha256.Sum256([]byte("the verifier that nobody sends, of forty-three"))
	for name, value := range map[string]string{
		"CID": asking, "CSEC": secret, "REDIR": redirect,
		"CODE":      f.code(t, ann, asking, redirect, ""),
		"CODE_PKCE": f.code(t, ann, asking, redirect, base64.RawURLEncoding.EncodeToString(challenge[:])),
		"USED_CODE": f.code(t, ann, asking, redirect, ""),
	} {
		f.values[name] = value
	}
	exchange := url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {redirect}, "client_id": {asking}, "client_secret": {secret}}
	exchange.Set("code", f.values["USED_CODE"])
	f.values["USED_CODE_GAVE"] = f.tokens(t, exchange).AccessToken
	exchange.Set("code", f.code(t, ann, asking, redirect, ""))
	f.values["REFRESH"] = f.tokens(t, exchange).RefreshToken
	f.values["REFRESH_OTHER_CLIENT"] = f.tokens(t, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {other}, "client_secret": {otherSecret},
	}).RefreshToken
}

func (f *fixture) client(t *testing.T, redirects ...string) (id, secret string) {
	t.Helper()
	c, secret, err := f.access.CreateClient(t.Context(), lwa.Client{Vendor: "A", Name: "c", Scope: lwa.ScopeWrite, RedirectURIs: redirects})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, secret
}

// code stores a code as if a person had let the client have it.
func (f *fixture) code(t *testing.T, person, client, redirect, challenge string) string {
	t.Helper()
	code := "AN" + beta.NewID(time.Now())
	err := f.store.SaveCode(t.Context(), lwa.Digest(sha256.Sum256([]byte(code))), lwa.Code{
		Client: client, Vendor: "A", Person: person, Scope: lwa.ScopeWrite,
		RedirectURI: redirect, Challenge: challenge, ExpiresAt: time.Now().Add(10 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// tokens asks the token endpoint, which must give some.
func (f *fixture) tokens(t *testing.T, form url.Values) (got tokens) {
	t.Helper()
	req := httptest.NewRequest("POST", "/auth/o2/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.edge.ServeHTTP(w, req)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.AccessToken == "" || got.RefreshToken == "" {
		t.Fatalf("no tokens in %s: %v", w.Body, err)
	}
	return got
}

// wantUnauthorized checks that a token is no good any more.
func (f *fixture) wantUnauthorized(t *testing.T, token string) {
	t.Helper()
	req := httptest.NewRequest("GET", "/v1/vendors", nil)
	req.Header.Set("Authorization", token)
	w := httptest.NewRecorder()
	f.edge.ServeHTTP(w, req)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("the token gets %d, want 401", w.Code)
	}
}

func emailOf(t *testing.T, address string) beta.Email {
	t.Helper()
	email, err := beta.ParseEmail(address)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// session stores that somebody is signed in, and returns what their browser holds.
func (f *fixture) session(t *testing.T, address string) (secret string) {
	t.Helper()
	secret = strings.Repeat("s", 17) + beta.NewID(time.Now())
	asked, now := lwa.Digest(sha256.Sum256([]byte("asked "+secret))), time.Now()
	id := beta.NewTestID(now)
	err := f.store.Ask(t.Context(), asked, signin.SignIn{Mail: id, Key: address, AskedAt: now}, beta.Mail{
		ID: beta.MailID{Test: id, Seq: 1}, Kind: beta.SignInMail, To: emailOf(t, address), QueuedAt: now, DueAt: now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, ok, _, err := f.store.Try(t.Context(), asked, func(signin.SignIn) bool { return true },
		signin.Session{Digest: sha256.Sum256([]byte(secret)), CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	if err != nil || !ok {
		t.Fatalf("no session: %v, %v", ok, err)
	}
	return secret
}
