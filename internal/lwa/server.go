package lwa

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"tryout/internal/httpd"
)

// Config is what a Server is made of.
type Config struct {
	Access Access
	Issuer string // the public URL, scheme://host[:port]
	People People // nil: nobody can sign in here
	Pages  Pages
	Key    []byte // authenticates the answers that people give
}

// Server answers where Login with Amazon would: it asks people whether a client
// may act for them, and gives clients tokens. Make it with [NewServer].
type Server struct {
	Config
	failures    *failures
	crossOrigin http.CrossOriginProtection
}

// NewServer returns a Server. It fails when the issuer is not scheme://host[:port].
func NewServer(c Config) (*Server, error) {
	s := &Server{Config: c}
	if err := s.crossOrigin.AddTrustedOrigin(c.Issuer); err != nil {
		return nil, err
	}
	var err error
	s.failures, err = newFailures()
	return s, err
}

// Where things are, as the clients have it.
const (
	authorizePath  = "/ap/oa"
	tokenPath      = "/auth/o2/token" // ask-cli's
	tokenPathOfSDK = "/auth/O2/token"
	infoPath       = "/auth/o2/tokeninfo"
	profilePath    = "/user/profile"
	metadataPath   = "/.well-known/oauth-authorization-server"
)

// endpoint is what is served at a path.
type endpoint struct {
	methods string
	serve   func(*Server, http.ResponseWriter, *http.Request) error
	page    bool // for people: failures are pages
}

var endpoints = map[string]endpoint{
	authorizePath:  {"GET, HEAD, POST", (*Server).authorize, true},
	tokenPath:      {"POST", (*Server).token, false},
	tokenPathOfSDK: {"POST", (*Server).token, false},
	infoPath:       {"GET, HEAD", (*Server).tokenInfo, false},
	profilePath:    {"GET, HEAD", (*Server).profile, false},
	metadataPath:   {"GET, HEAD", (*Server).metadata, false},
}

// Routes are everything that is served, as "METHOD /path", for tests that walk them.
func Routes() (list []string) {
	for path, e := range endpoints {
		for method := range strings.SplitSeq(e.methods, ", ") {
			if method != http.MethodHead {
				list = append(list, method+" "+path)
			}
		}
	}
	return list
}

// Owns reports whether the Server answers at a path, escaped as it was sent.
func (s *Server) Owns(path string) bool {
	_, found := endpoints[path]
	return found
}

// ServeHTTP answers a request to a path that [Server.Owns].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	e := endpoints[r.URL.EscapedPath()]
	err := s.serve(e, w, r)
	if err == nil {
		return
	}
	refusal := Explain(r.Context(), err)
	if e.page {
		s.Pages.Refused(w, r, *refusal)
		return
	}
	refusal.write(w)
}

func (s *Server) serve(e endpoint, w http.ResponseWriter, r *http.Request) error {
	if !hasWord(e.methods, r.Method) {
		w.Header().Set("Allow", e.methods)
		return &Refusal{Code: invalidRequest, Description: "The method must be one of: " + e.methods + ".", Status: http.StatusMethodNotAllowed}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	httpd.Route(r.Context(), method+" "+r.URL.EscapedPath()) // one of ours: it was found
	return e.serve(s, w, r)
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ", ") {
		if w == word {
			return true
		}
	}
	return false
}

// token is the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	if r.URL.RawQuery != "" {
		return refuse(invalidRequest, "Parameters belong into the body, where no log shows them.")
	}
	p, err := readParams(r, true)
	if err != nil {
		return err
	}
	c, err := s.client(r, p)
	if err != nil {
		return err
	}
	httpd.Note(r.Context(), slog.String("oauth_client", c.ID))
	given, err := s.give(r.Context(), c, p)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, given)
	return nil
}

// client returns the client that proves in a request to be one: by its secret
// in the body or as the password of basic authentication, not both.
func (s *Server) client(r *http.Request, p params) (Client, error) {
	id, secret := p["client_id"], p["client_secret"]
	if basicID, basicSecret, is := r.BasicAuth(); is {
		if secret != "" || id != "" && id != basicID {
			return Client{}, refuse(invalidRequest, "The client proves who it is twice.")
		}
		id, secret = basicID, basicSecret
	}
	if id == "" {
		return Client{}, refuse(invalidRequest, "client_id is missing.")
	}
	c, found, err := s.Access.Store.Client(r.Context(), id)
	if err != nil {
		return Client{}, err
	}
	if found && c.RevokedAt.IsZero() && c.isOurs(secret) {
		return c, nil
	}
	return Client{}, s.failures.note(r.Context(), httpd.Client(r.Context()), c.ID)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers only
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	w.Write(body) // it fails when the client went away, and then nobody wants it
}
