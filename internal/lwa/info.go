package lwa

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"tryout/internal/beta"
)

// tokenInfo says what a token is, in Amazon's odd words: exp is how many
// seconds are left. Who has the token may know.
func (s *Server) tokenInfo(w http.ResponseWriter, r *http.Request) error {
	t, err := s.presented(r)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Issuer   string `json:"iss"`
		Person   string `json:"user_id,omitempty"`
		Audience string `json:"aud,omitempty"`
		App      string `json:"app_id,omitempty"`
		Left     int64  `json:"exp"`
		IssuedAt int64  `json:"iat"`
	}{s.Issuer, t.Person, t.Client, t.Client, int64(t.ExpiresAt.Sub(s.Access.Now()).Seconds()), t.IssuedAt.Unix()})
	return nil
}

// profile says for whom a token acts.
func (s *Server) profile(w http.ResponseWriter, r *http.Request) error {
	t, err := s.presented(r)
	if err != nil {
		return err
	}
	p, found, err := s.person(r.Context(), t.Person)
	if err != nil {
		return err
	}
	if !found {
		return &Refusal{Code: insufficientScope, Description: "The token acts for no person.", Status: http.StatusForbidden}
	}
	writeJSON(w, http.StatusOK, struct {
		ID    string `json:"user_id"`
		Email string `json:"email"`
		Name  string `json:"name"`
	}{p.ID, p.Email, cmp.Or(p.Name, p.Email)})
	return nil
}

func (s *Server) person(ctx context.Context, id string) (Person, bool, error) {
	if id == "" || s.People == nil {
		return Person{}, false, nil
	}
	return s.People.Person(ctx, id)
}

// presented returns the token that a request brings: in the Authorization
// header or, as Amazon has it, in the query.
func (s *Server) presented(r *http.Request) (Token, error) {
	query, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return Token{}, err
	}
	token, some := query["access_token"]
	switch {
	case some && r.Header.Get("Authorization") != "":
		return Token{}, refuse(invalidRequest, "The token is brought twice.")
	case !some:
		if token, err = bearer(r.Header); err != nil {
			return Token{}, refuse(invalidRequest, "access_token is missing.")
		}
	}
	t, err := s.Access.check(r.Context(), digest(token))
	var e *beta.Error
	if errors.As(err, &e) && e.Kind == beta.Unauthorized {
		return Token{}, refuse(invalidToken, e.Message)
	}
	return t, err
}

// metadata is the server's description (RFC 8414).
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         s.Issuer,
		"authorization_endpoint":                         s.Issuer + authorizePath,
		"token_endpoint":                                 s.Issuer + tokenPath,
		"scopes_supported":                               []string{ScopeRead, ScopeWrite},
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          strings.Fields("authorization_code refresh_token client_credentials"),
		"token_endpoint_auth_methods_supported":          strings.Fields("client_secret_post client_secret_basic"),
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
	return nil
}
