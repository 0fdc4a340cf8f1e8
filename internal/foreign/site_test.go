package foreign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/foreign"
	"tryout/internal/lwa"
	"tryout/internal/storetest"
)

const (
	issuerURL = "https://issuer.example/realm"
	audience  = "https://beta.example.com"
	amazonURL = "https://api.amazon.test"
)

type object = map[string]any

// site is a judge with an issuer and an Amazon that a test plays.
type site struct {
	t      *testing.T
	clock  *storetest.Clock
	issuer *issuer
	amazon *amazon
	judge  *foreign.Judge
	oidc   *foreign.Issuer
}

func newSite(t *testing.T, rules ...string) *site {
	t.Helper()
	s := &site{t: t, clock: storetest.NewClock()}
	s.issuer = newIssuer(t)
	s.amazon = &amazon{said: map[string]answer{}}
	places := foreign.NewPlaces(4)
	network := network{"issuer.example": s.issuer, "api.amazon.test": s.amazon}
	s.oidc = foreign.NewIssuer(foreign.IssuerConfig{
		URL: issuerURL, Audience: audience, Now: s.clock.Now,
		Title: "Example", ClientID: "tryout", ClientSecret: "the secret", ReturnTo: audience + "/sign-in/return", Places: places,
	}, network)
	s.judge = foreign.NewJudge(s.clock.Now, places,
		foreign.Source{Verifier: s.oidc, Rules: s.rules(rules)},
		foreign.Source{Verifier: foreign.NewAmazon(foreign.AmazonConfig{Base: amazonURL, Clients: []string{"client.one", "client.two"}, Now: s.clock.Now}, network), Rules: s.rules(rules)},
	)
	return s
}

func (s *site) rules(texts []string) (list foreign.Rules) {
	s.t.Helper()
	for _, text := range texts {
		r, err := foreign.ParseRule(text)
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// outcome is who a token acts for, or the kind of failure.
func (s *site) outcome(token string) string {
	s.t.Helper()
	g, err := s.judge.Guest(s.t.Context(), token)
	s.wantNoSecret(token, err)
	var e *beta.Error
	switch {
	case err == nil:
		return string(g.Part) + " of " + string(g.Vendor)
	case !errors.As(err, &e):
		return err.Error()
	case e.Kind == beta.Unavailable && e.Retry > 0:
		return "503"
	case e.Kind == beta.Unauthorized:
		return "401"
	}
	return err.Error()
}

func (s *site) wantNoSecret(token string, err error) {
	s.t.Helper()
	if err != nil && len(token) > 40 && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), token[10:40])) {
		s.t.Errorf("the token stands in the error %v", err)
	}
}

func (s *site) want(what, token, want string) {
	s.t.Helper()
	if got := s.outcome(token); got != want {
		s.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// network is everybody who can be asked, by host.
type network map[string]http.Handler

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	h, found := n[r.URL.Hostname()]
	if !found {
		return nil, errors.New("no such host")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// answer is what somebody who is played says next to a question.
type answer struct {
	status int
	body   string
	header http.Header
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// hang is an answer that never comes.
var hang = answer{status: -1}

// issuer plays one of OpenID Connect.
type issuer struct {
	t       *testing.T
	mu      sync.Mutex
	faults  map[string]answer // by path
	asked   map[string]int
	keys    map[string]crypto.Signer // by kid
	current string
	token   func(r *http.Request) answer // its token endpoint
	profile answer
	more    object // in its description
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, faults: map[string]answer{}, asked: map[string]int{}, keys: map[string]crypto.Signer{}}
	i.rotate("one")
	return i
}

// rotate signs with another key from now on, and shows no other.
func (i *issuer) rotate(kid string) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.current = map[string]crypto.Signer{kid: key}, kid
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	path := strings.TrimPrefix(r.URL.Path, "/realm")
	i.asked[path]++
	fault, broken := i.faults[path]
	if !broken {
		fault, broken = i.faults["*"]
	}
	i.mu.Unlock()
	switch {
	case broken && fault.status == hang.status:
		<-r.Context().Done()
	case broken:
		fault.write(w)
	default:
		i.answer(path, r).write(w)
	}
}

func (i *issuer) answer(path string, r *http.Request) answer {
	switch path {
	case "/.well-known/openid-configuration":
		said := object{
			"issuer": issuerURL, "authorization_endpoint": issuerURL + "/auth?x=y", "token_endpoint": issuerURL + "/token",
			"jwks_uri": issuerURL + "/keys", "userinfo_endpoint": issuerURL + "/me", "id_token_signing_alg_values_supported": []string{"HS256", "none"},
		}
		for name, value := range i.more {
			said[name] = value
		}
		return i.json(said)
	case "/keys":
		return i.json(i.jwks())
	case "/token":
		return i.token(r)
	case "/me":
		return i.profile
	}
	return answer{status: 404}
}

func (i *issuer) json(v any) answer {
	text, err := json.Marshal(v)
	if err != nil {
		i.t.Error(err)
	}
	return answer{status: 200, body: string(text)}
}

func (i *issuer) jwks() object {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := []object{{"kty": "OKP", "crv": "X448", "kid": "of another kind", "x": "AAAA"}}
	for kid, key := range i.keys {
		jwk := object{"kid": kid}
		switch public := key.Public().(type) {
		case ed25519.PublicKey:
			jwk["kty"], jwk["crv"], jwk["x"] = "OKP", "Ed25519", b64(public)
		case *rsa.PublicKey:
			jwk["kty"], jwk["n"], jwk["e"] = "RSA", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
		case *ecdsa.PublicKey:
			point, err := public.Bytes() // 4, then x and y
			if err != nil {
				i.t.Error(err)
			}
			jwk["kty"], jwk["crv"], jwk["x"], jwk["y"] = "EC", elliptic.P256().Params().Name, b64(point[1:33]), b64(point[33:])
		}
		list = append(list, jwk)
	}
	return object{"keys": list}
}

func (i *issuer) count(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

func (i *issuer) total() (n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, one := range i.asked {
		n += one
	}
	return n
}

// breaks has the issuer answer so at a path, "*" for all, until it heals.
func (i *issuer) breaks(path string, a answer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults[path] = a
}

func (i *issuer) heals() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = map[string]answer{}
}

// said are the claims of a good access token, with changes; nil takes one out.
func (s *site) said(changes object) object {
	c := object{
		"iss": issuerURL, "aud": audience, "sub": "subject-1", "client_id": "app", "jti": rand.Text(),
		"iat": s.clock.Now().Unix(), "exp": s.clock.Now().Add(time.Hour).Unix(), "email": "Ann@Example.com", "email_verified": true, "groups": []string{"staff", "beta"},
	}
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// token is a good access token, with changes.
func (s *site) token(changes object) string {
	s.t.Helper()
	return s.issuer.sign(object{"typ": "at+jwt"}, s.said(changes))
}

// sign makes a JWT with the current key.
func (i *issuer) sign(header, claims object) string {
	i.t.Helper()
	i.mu.Lock()
	key, kid := i.keys[i.current], i.current
	i.mu.Unlock()
	head := object{"alg": "EdDSA", "kid": kid}
	for name, value := range header {
		if head[name] = value; value == nil {
			delete(head, name)
		}
	}
	text := encode(i.t, head) + "." + encode(i.t, claims)
	return text + "." + b64(i.signature(key, text))
}

func (i *issuer) signature(key crypto.Signer, text string) []byte {
	i.t.Helper()
	if e, is := key.(*ecdsa.PrivateKey); is {
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, e, sum[:])
		if err != nil {
			i.t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	message, opts := []byte(text), crypto.SignerOpts(crypto.Hash(0))
	if _, is := key.(*rsa.PrivateKey); is {
		sum := sha256.Sum256(message)
		message, opts = sum[:], crypto.SHA256
	}
	signature, err := key.Sign(rand.Reader, message, opts)
	if err != nil {
		i.t.Fatal(err)
	}
	return signature
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b64(text)
}

func b64(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }

// amazon plays Login with Amazon.
type amazon struct {
	mu    sync.Mutex
	said  map[string]answer // by path
	asked []string          // path, query and header
}

func (a *amazon) says(path string, status int, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said[path] = answer{status: status, body: body}
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	said := a.said[r.URL.Path]
	a.mu.Unlock()
	if said.status == hang.status {
		<-r.Context().Done()
		return
	}
	said.write(w)
}

func (a *amazon) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

var _ lwa.Others = (*foreign.Judge)(nil)
