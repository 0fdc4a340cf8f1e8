package foreign

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// IssuerConfig is what an Issuer is made of.
type IssuerConfig struct {
	URL      string // exactly as its tokens have it
	Audience string // which tokens for a program must be made for; empty: none is good
	Now      func() time.Time

	// For people who sign in; without ClientID they cannot.
	Title        string // how people call it
	ClientID     string
	ClientSecret string // empty for a public client
	ReturnTo     string // where it sends people back to
	Places       Places
}

// Issuer is an issuer of OpenID Connect. Its tokens are proven here, by its keys.
// Make it with [NewIssuer].
type Issuer struct {
	IssuerConfig
	itself, forKeys, forPeople *http.Client // apart, so that one kind of question does not keep another from being asked

	asking chan struct{} // held by who asks what it is
	mu     sync.Mutex
	last   *description
}

// NewIssuer returns an Issuer that asks through a transport.
func NewIssuer(c IssuerConfig, transport http.RoundTripper) *Issuer {
	return &Issuer{
		IssuerConfig: c, asking: make(chan struct{}, 1),
		itself: newClient(transport, perSec, burst), forKeys: newClient(transport, keysPerSec, keysBurst), forPeople: newClient(transport, perSec, burst),
	}
}

// description is what an issuer said of itself, with its keys.
type description struct {
	*oidc.Provider
	keys  *oidc.RemoteKeySet // asks for them when it meets one that it has not seen
	since time.Time
	basic bool // whether clients prove who they are in a header
}

// description returns what the issuer says of itself. It and the keys are asked
// for again after a minute, so that a key that was withdrawn proves nothing from
// then on.
func (i *Issuer) description(ctx context.Context) (*description, error) {
	if d := i.known(); d != nil {
		return d, nil
	}
	select {
	case i.asking <- struct{}{}:
		defer func() { <-i.asking }()
	case <-ctx.Done():
		return nil, away(i.URL, ctx.Err())
	}
	if d := i.known(); d != nil { // who asked before us
		return d, nil
	}
	return i.discover(ctx)
}

func (i *Issuer) known() *description {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.last == nil || i.Now().Sub(i.last.since) >= fresh {
		return nil
	}
	return i.last
}

func (i *Issuer) discover(ctx context.Context) (*description, error) {
	d := &description{since: i.Now()}
	var err error
	if d.Provider, err = oidc.NewProvider(oidc.ClientContext(ctx, i.itself), i.URL); err != nil {
		return nil, away(i.URL, err)
	}
	var more struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := d.Claims(&more); err != nil || more.Keys == "" {
		return nil, away(i.URL, errors.New("its description names no keys"))
	}
	d.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), i.forKeys), more.Keys)
	d.basic = len(more.Methods) == 0 || slices.Contains(more.Methods, "client_secret_basic")
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = d
	return d, nil
}

// keys are an issuer's, for one proof. They note what the library would tell as
// a token that is not good: that they could not be asked for.
type keys struct {
	*oidc.RemoteKeySet
	away error
}

// VerifySignature implements [oidc.KeySet]. The library has one failure of its
// own, a wrong signature; all others have a cause.
func (k *keys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.RemoteKeySet.VerifySignature(ctx, jwt)
	if errors.Unwrap(err) != nil {
		k.away = err
	}
	return payload, err
}
