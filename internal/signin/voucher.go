package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// Voucher is somebody else who says who sits at a browser (OpenID Connect).
type Voucher interface {
	// Name is what people call it.
	Name() string
	// Ask returns where it asks people who they are.
	Ask(ctx context.Context, o Once) (address string, err error)
	// Vouch returns the address, verified there, of whoever a code is about, which
	// issuer is said to have given; ok is false where it vouches for nobody.
	Vouch(ctx context.Context, code, issuer string, o Once) (e beta.Email, ok bool, err error)
}

// Once binds an answer of a [Voucher] to the browser that was sent to it. Each
// follows from what that browser holds, under a key, and tells nothing of it.
type Once struct {
	State    string // comes back through the browser
	Nonce    string // comes back in what it says
	Verifier string // of PKCE: proves that who brings the code is who asked
}

func (s *Server) once(secret string) Once {
	derive := func(what string) string {
		sum := hmac.New(sha256.New, s.Key)
		sum.Write([]byte(what + " " + secret))
		return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
	}
	return Once{State: derive("state"), Nonce: derive("nonce"), Verifier: derive("verifier")}
}

// awayLife is how long somebody may take at the voucher.
const awayLife = 10 * time.Minute

// sent sends a browser to the voucher.
func (s *Server) sent(w http.ResponseWriter, r *http.Request) error {
	if s.Voucher == nil {
		return errNoVoucher
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	back := r.PostForm.Get("back")
	if !isOurs(back) {
		back = askPath
	}
	if err := s.limits.count(r.Context(), s.limits.askers, network(r.Context())); err != nil {
		return err
	}
	secret := newSecret()
	address, err := s.Voucher.Ask(r.Context(), s.once(secret))
	if err != nil {
		return err
	}
	now := s.Now()
	if err := s.Store.Send(r.Context(), digest(secret), SignIn{Mail: beta.NewTestID(now), Back: back, AskedAt: now}); err != nil {
		return err
	}
	s.cookies.set(w, awayCookie, secret, awayLife)
	return s.Pages.Sent(w, r, SentPage{Name: s.Voucher.Name(), Address: address})
}

// returned takes what the voucher says of who comes back, and signs them in.
// Whatever comes of it, the sign-in is over: it answers once.
func (s *Server) returned(w http.ResponseWriter, r *http.Request) error {
	if s.Voucher == nil {
		return errNoVoucher
	}
	if err := s.limits.trying(r.Context()); err != nil {
		return err
	}
	answer := r.URL.Query()
	secret, held := s.cookies.read(r, awayCookie)
	o := s.once(secret)
	if !held || len(answer["state"]) != 1 || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(o.State)) != 1 {
		return errNotSent
	}
	s.cookies.drop(w, awayCookie)
	now := s.Now()
	sent, fresh, err := s.Store.Return(r.Context(), digest(secret), now, now.Add(-awayLife))
	switch {
	case err != nil:
		return err
	case !fresh:
		return errNotSent
	}
	e, ok, err := s.Voucher.Vouch(r.Context(), answer.Get("code"), answer.Get("iss"), o)
	switch {
	case err != nil:
		return err
	case !ok:
		return s.unknown()
	}
	return s.begin(w, r, e, sent.Back)
}

// begin signs in whoever has an address, if anybody has.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, e beta.Email, back string) error {
	session, now := newSecret(), s.Now()
	found, err := s.Store.Begin(r.Context(), e, Session{digest(session), now, now.Add(sessionLife)})
	switch {
	case err != nil:
		return err
	case !found:
		return s.unknown()
	}
	if err := s.endBefore(r.Context(), r); err != nil {
		return err
	}
	s.cookies.set(w, sessionCookie, session, sessionLife)
	return sendTo(w, back)
}

var (
	errNoVoucher = &lwa.Refusal{Code: "invalid_request", Status: http.StatusNotFound, Description: "On this server nobody else says who you are."}
	errNotSent   = &lwa.Refusal{Code: "access_denied", Status: http.StatusForbidden,
		Description: "That did not begin in this browser, it took too long, or it was used already. Nobody was signed in; start again."}
)

// unknown is the same whether the voucher said nothing, an address that it has
// not verified, or one that is nobody's here.
func (s *Server) unknown() error {
	return &lwa.Refusal{Code: "access_denied", Status: http.StatusForbidden,
		Description: s.Voucher.Name() + " named no verified address under which the operator of this server knows somebody. Nobody was signed in."}
}
