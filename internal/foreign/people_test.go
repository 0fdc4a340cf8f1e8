package foreign_test

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/signin"
)

var once = signin.Once{State: "the state", Nonce: "the nonce", Verifier: "the verifier"}

// identity are the claims of a good ID token, with changes.
func (s *site) identity(changes object) object {
	c := s.said(object{"aud": "tryout", "nonce": once.Nonce, "client_id": nil, "at_hash": "x"})
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// gives has the issuer give an ID token for the code.
func (s *site) gives(idToken string) {
	s.issuer.token = func(*http.Request) answer {
		return s.issuer.json(object{"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": idToken})
	}
}

// vouched is whom the issuer vouches for, or the kind of failure.
func (s *site) vouched() string {
	s.t.Helper()
	email, ok, err := s.oidc.Vouch(s.t.Context(), "the code", issuerURL, once)
	var e *beta.Error
	switch {
	case err != nil && (strings.Contains(err.Error(), "the code") || strings.Contains(err.Error(), "an access token") || strings.Contains(err.Error(), "the secret")):
		s.t.Errorf("a secret stands in the error %v", err)
		return ""
	case errors.As(err, &e) && e.Kind == beta.Unavailable && e.Retry > 0:
		return "503"
	case err != nil:
		return err.Error()
	case !ok:
		return "nobody"
	}
	return email.Key
}

func TestPeopleAreSentToTheIssuerWithWhatBindsItsAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address, err := s.oidc.Ask(t.Context(), once)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(once.Verifier))
	want := url.Values{
		"x": {"y"}, "response_type": {"code"}, "client_id": {"tryout"}, "redirect_uri": {audience + "/sign-in/return"}, "scope": {"openid email"},
		"state": {once.State}, "nonce": {once.Nonce}, "code_challenge": {b64(sum[:])}, "code_challenge_method": {"S256"},
	}
	if got := u.Query().Encode(); got != want.Encode() || u.Host != "issuer.example" || u.Path != "/realm/auth" {
		t.Errorf("people are sent to %s, want %s", address, want.Encode())
	}
}

func TestPeopleAreSentNowhereUnsafe(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"http://issuer.example/auth", "javascript:alert(1)", "/auth", "https://", "https://a@issuer.example/"} {
		s := newSite(t)
		s.issuer.more = object{"authorization_endpoint": at}
		if address, err := s.oidc.Ask(t.Context(), once); err == nil {
			t.Errorf("%q: people are sent to %s", at, address)
		}
	}
}

func TestTheIssuerVouchesForAVerifiedAddress(t *testing.T) {
	t.Parallel()
	for _, methods := range []any{nil, []string{"client_secret_basic"}, []string{"client_secret_post"}} {
		s := newSite(t)
		s.issuer.more = object{"token_endpoint_auth_methods_supported": methods}
		s.gives(s.issuer.sign(nil, s.identity(nil)))
		give := s.issuer.token
		s.issuer.token = func(r *http.Request) answer {
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			id, secret, basic := r.BasicAuth()
			if !basic {
				id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
			}
			if id != "tryout" || secret != url.QueryEscape("the secret") && secret != "the secret" {
				t.Errorf("%v: the client says it is %q, %q", methods, id, secret)
			}
			f := r.PostForm
			if f.Get("code") != "the code" || f.Get("code_verifier") != once.Verifier || f.Get("redirect_uri") != audience+"/sign-in/return" || f.Get("grant_type") != "authorization_code" {
				t.Errorf("%v: the issuer is told %v", methods, f)
			}
			return give(r)
		}
		if got := s.vouched(); got != "ann@example.com" {
			t.Errorf("%v: got %s", methods, got)
		}
		if got := s.issuer.count("/token"); got != 1 {
			t.Errorf("%v: the code was brought %d times, want once", methods, got)
		}
	}
}

func TestAnIDTokenThatIsNotGoodIsNobodys(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]object{
		"for another client":            {"aud": "another"},
		"for our audience":              {"aud": audience},
		"for several, and ours not it":  {"aud": []string{"tryout", "another"}, "azp": "another"},
		"for several without who it is": {"aud": []string{"tryout", "another"}},
		"with another nonce":            {"nonce": "another"},
		"without a nonce":               {"nonce": nil},
		"of another issuer":             {"iss": "https://other.example"},
		"expired":                       {"exp": 1},
		"of no subject":                 {"sub": nil},
		"of an address not verified":    {"email_verified": false},
		"of an address that may not be": {"email_verified": nil},
		"of what is no address":         {"email": "ann"},
		"of two addresses":              {"email": []string{"ann@example.com", "bob@example.com"}},
	} {
		s := newSite(t)
		s.gives(s.issuer.sign(nil, s.identity(changes)))
		if got := s.vouched(); got != "nobody" {
			t.Errorf("an ID token %s: got %s, want nobody", name, got)
		}
	}
	s := newSite(t)
	good := s.issuer.sign(nil, s.identity(nil))
	part := strings.Split(good, ".")
	for name, token := range map[string]string{
		"missing": "", "of no algorithm": encode(t, object{"alg": "none"}) + "." + part[1] + ".", "changed": part[0] + "." + encode(t, s.identity(object{"sub": "x"})) + "." + part[2],
	} {
		s.gives(token)
		if got := s.vouched(); got != "nobody" {
			t.Errorf("an ID token that is %s: got %s, want nobody", name, got)
		}
	}
	s.gives(s.issuer.sign(nil, s.identity(object{"aud": []string{"tryout", "another"}, "azp": "tryout"})))
	if got := s.vouched(); got != "ann@example.com" {
		t.Errorf("an ID token for several, given to ours: got %s", got)
	}
}

func TestAnAddressThatTheIDTokenLeavesOutIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile object
		want    string
	}{
		"the person's": {object{"sub": "subject-1", "email": "ann@example.com", "email_verified": true}, "ann@example.com"},
		"another's":    {object{"sub": "subject-2", "email": "ann@example.com", "email_verified": true}, "nobody"},
		"nobody's":     {object{"email": "ann@example.com", "email_verified": true}, "nobody"},
		"not verified": {object{"sub": "subject-1", "email": "ann@example.com", "email_verified": false}, "nobody"},
		"without any":  {object{"sub": "subject-1"}, "nobody"},
	} {
		s := newSite(t)
		s.issuer.profile = s.issuer.json(c.profile)
		s.gives(s.issuer.sign(nil, s.identity(object{"email": nil, "email_verified": nil})))
		if got := s.vouched(); got != c.want {
			t.Errorf("a profile that is %s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestACodeThatIsNotGoodIsNobodys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.issuer.token = func(*http.Request) answer {
		return answer{status: 400, body: `{"error":"invalid_grant","error_description":"the code is used"}`}
	}
	if got := s.vouched(); got != "nobody" {
		t.Errorf("got %s, want nobody", got)
	}
	asked := s.issuer.total()
	for code, issuer := range map[string]string{"": issuerURL, "the code": "https://evil.example"} {
		if _, ok, err := s.oidc.Vouch(t.Context(), code, issuer, once); ok || err != nil {
			t.Errorf("%q of %s: got %v, %v", code, issuer, ok, err)
		}
	}
	if got := s.issuer.total(); got != asked {
		t.Errorf("a code that is missing or another's was brought to the issuer")
	}
}

func TestAnIssuerThatIsNotWellVouchesForNobodyYet(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		for _, path := range []string{"/.well-known/openid-configuration", "/token", "/keys", "/me"} {
			s := newSite(t)
			s.issuer.profile = s.issuer.json(object{"sub": "subject-1", "email": "ann@example.com", "email_verified": true})
			s.gives(s.issuer.sign(nil, s.identity(object{"email": nil})))
			s.issuer.breaks(path, fault)
			if got := s.vouched(); got != "503" {
				t.Errorf("%s at %s: got %s, want 503", name, path, got)
			}
			s.issuer.heals()
			if got := s.vouched(); got != "ann@example.com" {
				t.Errorf("after %s at %s: got %s", name, path, got)
			}
		}
	}
	s := newSite(t)
	s.issuer.token = func(*http.Request) answer {
		return answer{status: 401, body: `{"error":"invalid_client","error_description":"the secret, the code"}`}
	}
	if got := s.vouched(); got != "503" {
		t.Errorf("a client that is refused: got %s, want 503", got)
	}
}
