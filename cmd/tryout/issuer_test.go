package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// issuer is a small one of OpenID Connect on this machine; it gives whatever a
// test wants.
type issuer struct {
	*httptest.Server
	t   *testing.T
	key ed25519.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := map[string]any{"keys": []any{map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}}}
		if r.URL.Path != "/keys" {
			said = map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys"}
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(said); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

// token is one of somebody's for an audience, good for an hour.
func (i *issuer) token(subject, audience string) string {
	i.t.Helper()
	text := i.part(map[string]any{"alg": "EdDSA"}) + "." +
		i.part(map[string]any{"iss": i.URL, "aud": audience, "sub": subject, "exp": time.Now().Add(time.Hour).Unix()})
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(text)))
}

func (i *issuer) part(said map[string]any) string {
	i.t.Helper()
	text, err := json.Marshal(said)
	if err != nil {
		i.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
