package lwa

import (
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// codeLife is how long a code is good (RFC 6749, 4.1.2, has it as the most).
const codeLife = 10 * time.Minute

// request is what a client asks a person for.
type request struct {
	client    Client
	redirect  string // registered for the client
	state     string
	query     string // everything that was asked, in one form
	scope     string // asked for, as much as the client can have
	challenge string // of PKCE; empty without
}

// authorize asks the person at a browser whether a client may act for them,
// and sends them back to the client with a code if it may.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	p, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return err
	}
	req, err := s.addressee(r, p)
	if err != nil {
		return err
	}
	if refusal := req.read(p); refusal != nil {
		return s.sendBack(w, r, req, refusal)
	}
	if s.People == nil {
		return &Refusal{Code: accessDenied, Status: http.StatusForbidden,
			Description: "Nobody can sign in on this server yet. A program that acts for itself gets a token with a client id and secret; people ask the operator for one."}
	}
	person, session, found, err := s.People.SignedIn(r)
	switch {
	case err != nil:
		return err
	case !found:
		return s.People.SignIn(w, r, authorizePath+"?"+req.query)
	case r.Method == http.MethodPost:
		return s.decide(w, r, req, person, session)
	}
	return s.ask(w, r, req, person, session)
}

// addressee finds who asks and where to send the answer. As long as that is not
// known to be right, a failure is a page and nobody is sent anywhere.
func (s *Server) addressee(r *http.Request, p params) (request, error) {
	c, found, err := s.Access.Store.Client(r.Context(), p["client_id"])
	switch {
	case err != nil:
		return request{}, err
	case !found || !c.RevokedAt.IsZero():
		return request{}, refuse(invalidRequest, "The program that sent you here is not known to this server, or is not let in any more.")
	case p["redirect_uri"] == "" || !slices.Contains(c.RedirectURIs, p["redirect_uri"]):
		return request{}, refuse(invalidRequest, "The program that sent you here wants you sent on to an address that was not registered for it.")
	}
	return request{client: c, redirect: p["redirect_uri"], state: p["state"], query: p.encode()}, nil
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// read takes the rest of the parameters; the client is told what is wrong with them.
func (req *request) read(p params) *Refusal {
	req.scope, req.challenge = req.client.Scope, p["code_challenge"]
	if asked, some := p["scope"]; some {
		req.scope = within(asked, req.client.Scope)
	}
	switch {
	case p["response_type"] == "":
		return refuse(invalidRequest, "response_type is missing.")
	case p["response_type"] != "code":
		return refuse(unsupportedAnswer, "The response_type must be code.")
	case req.scope == "":
		return refuse(invalidScope, "No known scope; use "+ScopeWrite+" or "+ScopeRead+".")
	case req.challenge == "" && p["code_challenge_method"] == "":
		return nil
	case p["code_challenge_method"] != "S256" || !challengeForm.MatchString(req.challenge):
		return refuse(invalidRequest, "A code_challenge must be one of method S256.")
	}
	return nil
}

// decide takes a person's answer.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, req request, person Person, session string) error {
	if err := s.crossOrigin.Check(r); err != nil {
		return errForeign
	}
	p, err := readParams(r, false)
	if err != nil {
		return err
	}
	if !s.isTicket(p["ticket"], person.ID, session, req.query) {
		return errForeign
	}
	if p["answer"] != "allow" {
		return s.sendBack(w, r, req, refuse(accessDenied, "The person said no."))
	}
	for _, c := range req.choices(person) {
		if c.Vendor.ID == beta.VendorID(p["vendor"]) {
			return s.sendCode(w, r, req, person, c)
		}
	}
	return s.sendBack(w, r, req, errNoPart)
}

var (
	errForeign = &Refusal{Code: accessDenied, Status: http.StatusForbidden,
		Description: "An answer counts only when it is given on the page that asked, within an hour, by who was asked. Nothing has changed; start again in the program that sent you here."}
	errNoPart = refuse(accessDenied, "The person has no part in the vendor.")
)

// sendCode makes a code and sends the browser to the client with it.
func (s *Server) sendCode(w http.ResponseWriter, r *http.Request, req request, person Person, c Choice) error {
	code := codePrefix + secret()
	err := s.Access.Store.SaveCode(r.Context(), digest(code), Code{
		Client: req.client.ID, Vendor: c.Vendor.ID, Person: person.ID, Scope: c.Scope,
		RedirectURI: req.redirect, Challenge: req.challenge, ExpiresAt: s.Access.Now().Add(codeLife),
	})
	if err != nil {
		return err
	}
	s.redirect(w, redirectTo(req.redirect, pair{"code", code}, pair{"state", req.state}, pair{"iss", s.Issuer}))
	return nil
}

// sendBack sends the browser to the client with what went wrong.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, req request, why *Refusal) error {
	httpd.Note(r.Context(), slog.String("error", why.Code))
	s.redirect(w, redirectTo(req.redirect, pair{"error", why.Code}, pair{"error_description", why.Description},
		pair{"state", req.state}, pair{"iss", s.Issuer}))
	return nil
}

// redirect sends the browser on with a GET (RFC 9700, 4.12: never 307).
func (s *Server) redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
