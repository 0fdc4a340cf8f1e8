package foreign

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// algorithms are those by which a token may be signed: with a key that only the
// issuer has. A secret shared with clients (HS256), or none, proves nothing.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// takes reports whether a token is a JWT that says it is this issuer's. That is
// read before it is proven, so that nobody else's makes us ask.
func (i *Issuer) takes(token string) bool {
	var said struct {
		Issuer string `json:"iss"`
	}
	parts := strings.Split(token, ".")
	return i.Audience != "" && len(parts) == 3 && decode(parts[1], &said) == nil && said.Issuer == i.URL
}

// verify proves an access token (RFC 9068).
func (i *Issuer) verify(ctx context.Context, token string) (proof, error) {
	if err := checkType(token); err != nil {
		return proof{}, err
	}
	t, said, err := i.prove(ctx, token)
	switch {
	case err != nil:
		return proof{}, err
	case !slices.Contains(t.Audience, i.Audience):
		return proof{}, refused("The token was made for another audience.")
	case t.Subject == "" || said.isIDToken():
		return proof{}, refused("That is no access token.")
	}
	return proof{name: nameOf("oidc", i.URL, t.Subject), claims: said, expires: t.Expiry}, nil
}

// prove checks who made a token, and when it ends.
func (i *Issuer) prove(ctx context.Context, token string) (*oidc.IDToken, claims, error) {
	d, err := i.description(ctx)
	if err != nil {
		return nil, nil, err
	}
	keys := &keys{RemoteKeySet: d.keys}
	t, err := oidc.NewVerifier(i.URL, keys, &oidc.Config{
		SkipClientIDCheck:    true, // by who asks, in words of their own
		SupportedSigningAlgs: algorithms, Now: i.Now,
	}).Verify(ctx, token)
	var said claims
	switch {
	case keys.away != nil:
		return nil, nil, away(i.URL, keys.away)
	case errors.As(err, new(*oidc.TokenExpiredError)), err == nil && !i.Now().Before(t.Expiry):
		return nil, nil, refused("The token has expired.")
	case err != nil, t.Claims(&said) != nil:
		return nil, nil, refused("The token is not the issuer's, or not good yet.")
	}
	return t, said, nil
}

// checkType takes the header that says it is an access token's, and those that
// say no more than that it is a token's, which many issuers write.
func checkType(token string) error {
	var header struct {
		Type string `json:"typ"`
	}
	first, _, _ := strings.Cut(token, ".")
	if err := decode(first, &header); err != nil {
		return refused("The token is not well-formed.")
	}
	switch strings.TrimPrefix(strings.ToLower(header.Type), "application/") {
	case "at+jwt", "jwt", "":
		return nil
	}
	return refused("That is no access token.")
}

// isIDToken reports whether only a token that says who somebody is has these
// claims; Keycloak says so in one of its own.
func (c claims) isIDToken() bool {
	_, access := c["at_hash"]
	_, code := c["c_hash"]
	return access || code || c["typ"] == "ID"
}

func decode(part string, to any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
