package foreign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AmazonURL is where Login with Amazon answers.
const AmazonURL = "https://api.amazon.com"

// AmazonConfig is what an Amazon is made of.
type AmazonConfig struct {
	Base    string   // such as AmazonURL
	Clients []string // whose tokens are good here; all others are for somebody else
	Now     func() time.Time
}

// Amazon is Login with Amazon. Make it with [NewAmazon].
type Amazon struct {
	AmazonConfig
	client *http.Client
}

// NewAmazon returns an Amazon that asks through a transport.
func NewAmazon(c AmazonConfig, transport http.RoundTripper) *Amazon {
	return &Amazon{c, newClient(transport, perSec, burst)}
}

// Amazon says that its tokens have 350 to 2048 characters. The least here is far
// below that and far above what ours have (48), so that none of ours, or two run
// together, is taken for one.
const (
	amazonPrefix             = "Atza|"
	leastAmazon, mostAmazon  = 128, 2048
	invalidToken, badRequest = "invalid_token", "invalid_request"
)

// AmazonClaims are what Amazon says of anybody.
var AmazonClaims = []string{userClaim, emailClaim}

func (a *Amazon) takes(token string) bool {
	return strings.HasPrefix(token, amazonPrefix) && len(token) >= leastAmazon && len(token) <= mostAmazon
}

// amazonInfo is what tokeninfo and profile say.
type amazonInfo struct {
	Audience string `json:"aud"`
	User     string `json:"user_id"`
	Left     int64  `json:"exp"` // in seconds
	Email    string `json:"email"`
	Error    string `json:"error"`
}

// verify asks what a token is, and then, if it was given to a client of ours,
// whose it is.
func (a *Amazon) verify(ctx context.Context, token string) (proof, error) {
	began := a.Now()
	info, err := a.ask(ctx, "/auth/o2/tokeninfo?access_token="+url.QueryEscape(token), "")
	switch {
	case err != nil:
		return proof{}, err
	case !slices.Contains(a.Clients, info.Audience):
		return proof{}, refused("The token was given to a client that is not known here.")
	case info.Left <= 0:
		return proof{}, refused("The token has expired.")
	}
	said := claims{userClaim: info.User}
	owner, err := a.ask(ctx, "/user/profile", token)
	switch {
	case err != nil:
		return proof{}, err
	case owner.User == "": // it may not see the profile
	case owner.User != info.User:
		return proof{}, refused("The token is one person's, its profile another's.")
	default:
		said[emailClaim], said[verifiedClaim] = owner.Email, true
	}
	left := min(time.Duration(info.Left), fresh/time.Second) * time.Second
	return proof{name: nameOf("lwa", a.Base, info.User), claims: said, expires: began.Add(left)}, nil
}

// ask asks one question. A token that may not see the profile leaves that empty.
func (a *Amazon) ask(ctx context.Context, path, bearer string) (info amazonInfo, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Base+path, nil)
	if err != nil {
		return info, away(a.Base, errors.New("its address is malformed"))
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := a.client.Do(r)
	if err != nil {
		return info, away(a.Base, err)
	}
	defer drain(resp.Body)
	if err := json.NewDecoder(resp.Body).Decode(&info); err != nil {
		return info, away(a.Base, fmt.Errorf("status %d and not the JSON that was expected", resp.StatusCode))
	}
	return info, a.outcome(resp.StatusCode, info.Error, bearer != "")
}

// outcome tells a token that is not good from an Amazon that is not well.
func (a *Amazon) outcome(status int, word string, profile bool) error {
	switch {
	case status == http.StatusOK && word == "":
		return nil
	case profile && word == "insufficient_scope":
		return nil
	case (status == http.StatusBadRequest || status == http.StatusUnauthorized) && (word == invalidToken || word == badRequest):
		return refused("The token is not known, or has expired.")
	}
	return away(a.Base, fmt.Errorf("status %d", status))
}
