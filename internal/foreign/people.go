package foreign

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tryout/internal/beta"
	"tryout/internal/signin"
)

var _ signin.Voucher = (*Issuer)(nil)

// Name implements [signin.Voucher].
func (i *Issuer) Name() string { return i.Title }

// Ask implements [signin.Voucher].
func (i *Issuer) Ask(ctx context.Context, o signin.Once) (address string, err error) {
	if !i.Places.take() {
		return "", errCrowd
	}
	defer i.Places.leave()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	d, err := i.description(ctx)
	if err != nil {
		return "", err
	}
	address = i.oauth(d).AuthCodeURL(o.State, oidc.Nonce(o.Nonce), oauth2.S256ChallengeOption(o.Verifier))
	if u, err := url.Parse(address); err != nil || !IsSafe(u) {
		return "", away(i.URL, errors.New("people cannot be sent to its authorization endpoint"))
	}
	return address, nil
}

func (i *Issuer) oauth(d *description) *oauth2.Config {
	endpoint := d.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if d.basic && i.ClientSecret != "" {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: i.ClientID, ClientSecret: i.ClientSecret, Endpoint: endpoint, RedirectURL: i.ReturnTo,
		Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail},
	}
}

// Vouch implements [signin.Voucher].
func (i *Issuer) Vouch(ctx context.Context, code, issuer string, o signin.Once) (beta.Email, bool, error) {
	if code == "" || issuer != "" && issuer != i.URL { // RFC 9207
		return beta.Email{}, false, nil
	}
	if !i.Places.take() {
		return beta.Email{}, false, errCrowd
	}
	defer i.Places.leave()
	ctx, stop := context.WithTimeout(oidc.ClientContext(ctx, i.forPeople), patience)
	defer stop()
	d, err := i.description(ctx)
	if err != nil {
		return beta.Email{}, false, err
	}
	given, err := i.oauth(d).Exchange(ctx, code, oauth2.VerifierOption(o.Verifier))
	if err != nil {
		return beta.Email{}, false, i.failure(err)
	}
	t, said, err := i.identity(ctx, given, o.Nonce)
	if t == nil || err != nil {
		return beta.Email{}, false, err
	}
	if _, there := said[emailClaim]; !there {
		if said, err = i.profile(ctx, d, given, t.Subject); err != nil {
			return beta.Email{}, false, err
		}
	}
	e, known := said.email()
	return e, known, nil
}

// failure tells a code that is not good, which is nobody's failure, from an
// issuer that is not well. What it answered is not kept: it may repeat the code.
func (i *Issuer) failure(err error) error {
	var refusal *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refusal):
		return away(i.URL, err)
	case refusal.ErrorCode == "invalid_grant":
		return nil
	}
	return away(i.URL, fmt.Errorf("its token endpoint refuses us: status %d", refusal.Response.StatusCode))
}

// identity proves the ID token that came with the code; nil when it is not good.
func (i *Issuer) identity(ctx context.Context, given *oauth2.Token, nonce string) (*oidc.IDToken, claims, error) {
	raw, _ := given.Extra("id_token").(string)
	t, said, err := i.prove(ctx, raw)
	var e *beta.Error
	switch {
	case errors.As(err, &e) && e.Kind == beta.Unauthorized:
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !slices.Contains(t.Audience, i.ClientID), len(t.Audience) > 1 && said["azp"] != i.ClientID, t.Subject == "",
		subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(nonce)) != 1:
		return nil, nil, nil
	}
	return t, said, nil
}

// profile asks for what the issuer does not write into the ID token.
func (i *Issuer) profile(ctx context.Context, d *description, given *oauth2.Token, subject string) (said claims, err error) {
	if d.UserInfoEndpoint() == "" {
		return nil, nil
	}
	info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(given))
	if err != nil {
		return nil, away(i.URL, errors.New("its userinfo endpoint gives none")) // the cause may repeat the token
	}
	if info.Subject != subject || info.Claims(&said) != nil {
		return nil, nil
	}
	return said, nil
}
