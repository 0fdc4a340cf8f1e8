package foreign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

func TestAnAccessTokenOfTheIssuerActsForWhomTheRulesSay(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1", "viewer:V2:groups=beta")
	for name, header := range map[string]object{
		"of RFC 9068": {"typ": "at+jwt"}, "with its long name": {"typ": "application/AT+JWT"}, "that says it is a JWT": {"typ": "JWT"}, "that says nothing": {},
	} {
		s.want("a token "+name, s.issuer.sign(header, s.said(nil)), "owner of V1")
	}
	s.want("for several audiences", s.token(object{"aud": []string{"another", audience}}), "owner of V1")
	s.want("of somebody else in the group", s.token(object{"sub": "subject-2"}), "viewer of V2")
	s.want("of nobody here", s.token(object{"sub": "subject-2", "groups": []string{"staff"}}), "401")
	g, err := s.judge.Guest(t.Context(), s.token(nil))
	again, _ := s.judge.Guest(t.Context(), s.token(nil))
	if err != nil || g.Name != again.Name || !strings.HasPrefix(g.Name, "oidc ") || len(g.Name) != len("oidc 12345678") {
		t.Errorf("the same person is %q, then %q, %v", g.Name, again.Name, err)
	}
}

func TestEveryKindOfKeyProvesATokenAndNoSharedSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[string]crypto.Signer{"RS256": rsaKey, "ES256": ecKey} {
		s.issuer.keys[alg] = key
	}
	for _, alg := range []string{"RS256", "ES256"} {
		s.issuer.current = alg
		s.want(alg, s.issuer.sign(object{"alg": alg}, s.said(nil)), "owner of V1")
		s.want(alg+" said of another key", s.issuer.sign(object{"alg": "EdDSA"}, s.said(nil)), "401")
	}
}

func TestATokenThatIsNotGoodIsUnauthorized(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:groups=beta")
	s.clock.Advance(time.Second - time.Duration(s.clock.Now().Nanosecond())) // tokens count in seconds
	now := s.clock.Now()
	good := s.token(nil)
	s.want("the good one", good, "owner of V1")
	part := strings.Split(good, ".")
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	forged := func(header object) string {
		text := encode(t, header) + "." + encode(t, s.said(nil))
		return text + "." + b64(ed25519.Sign(stranger, []byte(text)))
	}
	public := s.issuer.keys["one"].Public().(ed25519.PublicKey)
	shared := func(alg string) string {
		text := encode(t, object{"alg": alg, "kid": "one", "typ": "at+jwt"}) + "." + encode(t, s.said(nil))
		sum := hmac.New(sha256.New, public)
		sum.Write([]byte(text))
		return text + "." + b64(sum.Sum(nil))
	}
	theirs := object{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": b64(stranger.Public().(ed25519.PublicKey))}
	for name, token := range map[string]string{
		"for another audience":             s.token(object{"aud": "https://other.example"}),
		"for an audience in another case":  s.token(object{"aud": strings.ToUpper(audience)}),
		"for our client":                   s.token(object{"aud": "tryout"}),
		"for nobody":                       s.token(object{"aud": nil}),
		"expired":                          s.token(object{"exp": now.Add(-time.Second).Unix()}),
		"that expires now":                 s.token(object{"exp": now.Unix()}),
		"that never expires":               s.token(object{"exp": nil}),
		"that begins in an hour":           s.token(object{"nbf": now.Add(time.Hour).Unix()}),
		"of no subject":                    s.token(object{"sub": nil}),
		"of an empty subject":              s.token(object{"sub": ""}),
		"of another issuer":                s.token(object{"iss": "https://other.example"}),
		"of the issuer with a slash":       s.token(object{"iss": issuerURL + "/"}),
		"with another payload":             part[0] + "." + encode(t, s.said(object{"sub": "subject-1"})) + "." + part[2],
		"with a changed signature":         part[0] + "." + part[1] + "." + flip(part[2]),
		"without a signature":              part[0] + "." + part[1] + ".",
		"with two payloads":                good + "." + part[1],
		"of no algorithm":                  encode(t, object{"alg": "none", "typ": "at+jwt"}) + "." + part[1] + ".",
		"of no algorithm, in another case": encode(t, object{"alg": "nOnE"}) + "." + part[1] + "." + part[2],
		"by the public key as a secret":    shared("HS256"),
		"said to be by HS512":              shared("HS512"),
		"by a stranger's key":              forged(object{"alg": "EdDSA", "kid": "one"}),
		"by a stranger's key, unnamed":     forged(object{"alg": "EdDSA"}),
		"by a key that it brings":          forged(object{"alg": "EdDSA", "kid": "one", "jwk": theirs}),
		"by a key that lies elsewhere":     forged(object{"alg": "EdDSA", "kid": "one", "jku": "https://evil.example/keys"}),
		"by a key that nobody knows":       forged(object{"alg": "EdDSA", "kid": "none such"}),
		"with a condition nobody knows":    s.issuer.sign(object{"crit": []string{"x"}, "x": 1}, s.said(nil)),
		"that says who somebody is":        s.issuer.sign(object{"typ": "JWT"}, s.said(object{"at_hash": "x"})),
		"that came with a code":            s.issuer.sign(object{"typ": "JWT"}, s.said(object{"c_hash": "x"})),
		"that Keycloak calls ID":           s.issuer.sign(object{"typ": "JWT"}, s.said(object{"typ": "ID"})),
		"that signs somebody out":          s.issuer.sign(object{"typ": "logout+jwt"}, s.said(nil)),
		"bound to a key":                   s.issuer.sign(object{"typ": "dpop+jwt"}, s.said(nil)),
		"of an odd type":                   s.issuer.sign(object{"typ": 1}, s.said(nil)),
		"encrypted":                        strings.Repeat(part[0]+".", 4) + part[0],
		"of dots":                          strings.Repeat(".", 100),
		"not in JSON":                      b64([]byte("x")) + "." + b64([]byte("y")) + ".z",
	} {
		s.want("a token "+name, token, "401")
	}
	s.want("the good one still", good, "owner of V1")
}

// flip changes the first letter: the last may be of bits that are not used.
func flip(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

func TestNobodyElsesTokenMakesUsAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1")
	for _, token := range []string{
		s.token(object{"iss": "https://other.example"}), "x.y.z", "Atza|" + strings.Repeat("x", 43), "Atzr|" + strings.Repeat("x", 400),
		"Atza|" + strings.Repeat("x", 122), "Atza|" + strings.Repeat("x", 2044), "atza|" + strings.Repeat("x", 400), "amzn1.oa2-cs.v1." + strings.Repeat("x", 400), "",
	} {
		s.want("a token of nobody's", token, "401")
	}
	if s.issuer.total() != 0 || s.amazon.count() != 0 {
		t.Errorf("the issuer was asked %d times, Amazon %d, want never", s.issuer.total(), s.amazon.count())
	}
}

func TestAKeyThatWasNotSeenIsAskedForAndOneWithdrawnIsForgottenInAMinute(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1")
	s.want("before", s.token(nil), "owner of V1")
	old := s.issuer.keys["one"]
	s.issuer.rotate("two")
	s.want("by the new key", s.token(nil), "owner of V1")
	if got := s.issuer.count("/keys"); got != 2 {
		t.Errorf("the keys were asked for %d times, want twice", got)
	}
	s.want("by the new key again", s.token(nil), "owner of V1")
	if got := s.issuer.count("/keys"); got != 2 {
		t.Errorf("the keys were asked for %d times, want still twice", got)
	}
	by := func(kid string, key crypto.Signer) string {
		text := encode(t, object{"alg": "EdDSA", "kid": kid}) + "." + encode(t, s.said(nil))
		return text + "." + b64(s.issuer.signature(key, text))
	}
	s.want("by the old key", by("one", old), "401")
	two := s.issuer.keys["two"]
	delete(s.issuer.keys, "two")
	s.want("by a key withdrawn just now", by("two", two), "owner of V1")
	s.clock.Advance(time.Minute)
	s.want("by a key withdrawn a minute ago", by("two", two), "401")
}
