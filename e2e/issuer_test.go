package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// seededServer is a server with a vendor and its skill.
func seededServer(t *testing.T) (s *server, vendor, skill string) {
	t.Helper()
	s = startServer(t)
	vendor = s.createVendor(t, "Studio")
	return s, vendor, s.createSkill(t, vendor, "Space Facts")
}

// rulesOf lets the programs of an issuer act for a vendor.
func (i *issuer) rulesOf(vendor string) []string {
	return []string{
		"--oidc-issuer", i.url, "--oidc-audience", audience,
		"--oidc-role", "owner:" + vendor + ":sub=deployer,owner:" + vendor + ":client_id=brief,viewer:" + vendor + ":groups=all",
	}
}

func TestTokensOfARealIssuerAreGoodWhereTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	s, vendor, skill := seededServer(t)
	i := newIssuer(t, "127.0.0.1:1")
	s.restart(t, i.rulesOf(vendor)...)
	want := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	test := "/v1/skills/" + skill + "/betaTest"
	deployer, watcher := i.token(t, "deployer", audience), i.token(t, "watcher", audience)
	want("an owner creates", s.status(t, deployer, "POST", test), 201)
	want("a viewer reads", s.status(t, watcher, "GET", test), 200)
	want("a viewer starts", s.status(t, watcher, "POST", test+"/start"), 403)
	for what, token := range map[string]string{
		"of somebody without a role": i.token(t, "stranger", audience),
		"for another audience":       i.token(t, "deployer", "https://other.example"),
		"that says more":             edited(t, watcher, 1, map[string]any{"sub": "deployer"}),
		"that ends later":            edited(t, watcher, 1, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}),
		"of no algorithm":            cut(edited(t, deployer, 0, map[string]any{"alg": "none"})),
		"of no algorithm, signed":    edited(t, deployer, 0, map[string]any{"alg": "none"}),
		"by a shared secret":         edited(t, deployer, 0, map[string]any{"alg": "HS256"}),
		"without its signature":      cut(deployer),
		"by a key that is not there": edited(t, deployer, 0, map[string]any{"kid": "another"}),
	} {
		want("a token "+what, s.status(t, token, "GET", test), 401)
	}
	brief := i.token(t, "brief", audience)
	s.awaitExpiry(t, brief)

	i.rotate(t)
	want("by a key that was not seen before", s.status(t, i.token(t, "deployer", audience), "GET", test), 200)
}

// cut is a token without its signature.
func cut(token string) string { return token[:strings.LastIndex(token, ".")+1] }

func TestARealIssuerThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	s, vendor, skill := seededServer(t)
	i := newIssuer(t, "127.0.0.1:1")
	first, second := i.token(t, "deployer", audience), i.token(t, "deployer", audience)
	i.stop(t)
	s.restart(t, i.rulesOf(vendor)...)
	path, own := "/v1/skills/"+skill+"/status", s.createToken(t, vendor)
	want := func(what, token string, want int) {
		t.Helper()
		if got := s.status(t, token, "GET", path); got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	want("while it is away", first, 503)
	want("our own meanwhile", own, 200)
	i.start(t)
	want("once it is back", first, 200)
	i.stop(t)
	want("seen before, while it is away again", first, 200)
	want("our own meanwhile", own, 200)
	want("proven by keys not a minute old", second, 200)
}

// A person signs in with the issuer on the page on which a program asks for
// access, and is then asked.
func TestPeopleSignInWithARealIssuer(t *testing.T) {
	t.Parallel()
	s, vendor, _ := seededServer(t)
	i := newIssuer(t, strings.TrimPrefix(s.url, "http://"))
	s.restart(t, "--oidc-issuer", i.url, "--oidc-client-id", "tryout", "--oidc-client-secret", "the secret of tryout", "--oidc-name", "Studio")
	for _, name := range []string{"dev", "unverified"} {
		s.operate(t, "user", "create", "--email", name+"@studio.test")
		s.operate(t, "user", "grant", name+"@studio.test", "--vendor", vendor, "--role", "owner")
	}
	made := s.operate(t, "client", "create", "--vendor", vendor, "--name", "Deployer", "--redirect-uri", "http://127.0.0.1:9/cb")
	ask := s.url + "/ap/oa?response_type=code&scope=alexa%3A%3Aask%3Askills%3Aread&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcb&client_id=" + made["client_id"].(string)
	for name, want := range map[string]string{"dev": "Allow", "unverified": "This cannot be done", "eve": "This cannot be done", "": "This cannot be done"} {
		b := openBrowser(t)
		b.visit(ask)
		b.press("Sign in with Studio")
		b.do(chromedp.WaitVisible(`//input[@name="name"]`))
		if name != "" {
			b.fill("name", name)
		}
		b.press("Log in")
		if text := b.text(); !strings.Contains(text, want) || strings.Contains(text, "Allow") != (name == "dev") {
			t.Errorf("%q: the page says\n%s", name, text)
		}
		b.visit(s.url + "/sign-in")
		if text := b.text(); strings.Contains(text, "You are signed in") != (name == "dev") {
			t.Errorf("%q: afterwards the page says\n%s", name, text)
		}
	}
}
