package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tryout/internal/httpd"
	"tryout/internal/lwa"
)

// Config is what a Server is made of.
type Config struct {
	Store  Store
	Now    func() time.Time
	URL    string // the public one, scheme://host[:port]
	Key    []byte // makes the codes
	Pages  Pages
	Queued func() // called after mail was queued

	Voucher Voucher // nil: people sign in by mail alone
}

// Pages show people what this package has to say.
type Pages interface {
	// SignIn asks for an address.
	SignIn(w http.ResponseWriter, r *http.Request, p AddressPage) error
	// Code asks for the code that was mailed.
	Code(w http.ResponseWriter, r *http.Request, p CodePage) error
	// Sent has the browser go on to whom it is sent.
	Sent(w http.ResponseWriter, r *http.Request, p SentPage) error
	// SignedIn says who is signed in, with a way out.
	SignedIn(w http.ResponseWriter, r *http.Request, p lwa.Person) error
	// Refused says that something cannot be done, and why.
	Refused(w http.ResponseWriter, r *http.Request, why lwa.Refusal)
}

// AddressPage is a form that is posted to /sign-in with the fields email and back.
type AddressPage struct {
	Email, Back string
	Problem     string // with what was typed; empty at first
	Voucher     string // who else can say who they are, by a form that is posted to /sign-in/with with the field back; empty: nobody
}

// SentPage leads to a [Voucher].
type SentPage struct{ Name, Address string }

// CodePage is a form that is posted to /sign-in/code with the field code.
type CodePage struct {
	Code    string // what the link in the mail brought
	Problem string // with what was typed; empty at first
	Over    bool   // there is no code to be typed any more
	Anew    string // where to ask for another
}

// Server is where people sign in. Make it with [New].
type Server struct {
	Config
	cookies     cookies
	limits      *limits
	crossOrigin http.CrossOriginProtection
}

var _ lwa.People = (*Server)(nil)

// New returns a Server. It fails when the URL is not scheme://host[:port].
func New(c Config) (*Server, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, cookies: cookiesAt(u)}
	if err := s.crossOrigin.AddTrustedOrigin(c.URL); err != nil {
		return nil, err
	}
	now := c.Now
	s.Now = func() time.Time { return now().UTC().Truncate(time.Millisecond) } // as the store keeps it
	s.limits, err = newLimits()
	return s, err
}

// Where people sign in.
const (
	askPath    = "/sign-in"
	codePath   = "/sign-in/code"
	withPath   = "/sign-in/with"
	ReturnPath = "/sign-in/return" // where a voucher sends people back to
	outPath    = "/sign-out"
)

// endpoint is one thing that can be asked for.
type endpoint struct {
	methods   string
	get, post func(*Server, http.ResponseWriter, *http.Request) error
}

var endpoints = map[string]endpoint{
	askPath:    {"GET, HEAD, POST", (*Server).here, (*Server).asked},
	codePath:   {"GET, HEAD, POST", (*Server).enter, (*Server).entered},
	withPath:   {"POST", nil, (*Server).sent},
	ReturnPath: {"GET, HEAD", (*Server).returned, nil},
	outPath:    {"POST", nil, (*Server).out},
}

// Routes are everything that is served, as "METHOD /path", for tests that walk them.
func Routes() (list []string) {
	for path, e := range endpoints {
		if e.get != nil {
			list = append(list, "GET "+path)
		}
		if e.post != nil {
			list = append(list, "POST "+path)
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
	if err := s.serve(w, r); err != nil {
		s.Pages.Refused(w, r, *lwa.Explain(r.Context(), err))
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	e := endpoints[r.URL.EscapedPath()]
	if s.cookies.none {
		return errInsecure
	}
	switch {
	case e.post != nil && r.Method == http.MethodPost:
		httpd.Route(r.Context(), "POST "+r.URL.EscapedPath())
		if s.crossOrigin.Check(r) != nil {
			return errForeign
		}
		return e.post(s, w, r)
	case e.get != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		httpd.Route(r.Context(), "GET "+r.URL.EscapedPath())
		return e.get(s, w, r)
	}
	w.Header().Set("Allow", e.methods)
	return &lwa.Refusal{Code: "invalid_request", Description: "The method must be one of: " + e.methods + ".", Status: http.StatusMethodNotAllowed}
}

var (
	errInsecure = &lwa.Refusal{Code: "access_denied", Status: http.StatusForbidden,
		Description: "People sign in over HTTPS only, and this server is not reached that way. The operator has to give its address with --public-url https://…"}
	errForeign = &lwa.Refusal{Code: "access_denied", Status: http.StatusForbidden,
		Description: "That came from another site. Nothing has changed; sign in on our own page."}
)

// Person implements [lwa.People].
func (s *Server) Person(ctx context.Context, id string) (lwa.Person, bool, error) {
	p, found, err := s.Store.Person(ctx, id)
	return p.known(), found, err
}

// SignedIn implements [lwa.People].
func (s *Server) SignedIn(r *http.Request) (lwa.Person, string, bool, error) {
	secret, held := s.cookies.read(r, sessionCookie)
	if !held {
		return lwa.Person{}, "", false, nil
	}
	d := digest(secret)
	p, found, err := s.Store.Session(r.Context(), d, s.Now())
	return p.known(), string(d[:]), found, err
}

// SignIn implements [lwa.People].
func (s *Server) SignIn(w http.ResponseWriter, r *http.Request, back string) error {
	if s.cookies.none {
		return errInsecure
	}
	return s.Pages.SignIn(w, r, s.addressPage(AddressPage{Back: back}))
}

// addressPage says on a page who else can say who somebody is.
func (s *Server) addressPage(p AddressPage) AddressPage {
	if s.Voucher != nil {
		p.Voucher = s.Voucher.Name()
	}
	return p
}

// here says who is signed in, or has them do it.
func (s *Server) here(w http.ResponseWriter, r *http.Request) error {
	p, _, found, err := s.SignedIn(r)
	switch {
	case err != nil:
		return err
	case !found:
		return s.SignIn(w, r, askPath)
	}
	return s.Pages.SignedIn(w, r, p)
}

// out ends the session of the browser.
func (s *Server) out(w http.ResponseWriter, r *http.Request) error {
	if secret, held := s.cookies.read(r, sessionCookie); held {
		if err := s.Store.EndSession(r.Context(), digest(secret)); err != nil {
			return err
		}
	}
	s.cookies.drop(w, sessionCookie)
	return sendTo(w, askPath)
}

func sendTo(w http.ResponseWriter, path string) error {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// isOurs reports whether a path to go back to is one where people are sent to
// sign in: nobody is led elsewhere by an address of ours.
func isOurs(back string) bool {
	return back == askPath || strings.HasPrefix(back, "/ap/oa?") && !strings.ContainsAny(back, "\\\r\n")
}
