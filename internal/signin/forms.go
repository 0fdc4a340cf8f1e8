package signin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
)

// maxForm bounds a form, in octets: what it leads back to is an address.
const maxForm = 16 << 10

func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &lwa.Refusal{Code: "invalid_request", Description: "What was sent is too long, or was cut short on its way."}
	}
	return nil
}

// asked takes an address and has a code mailed to it, if it is somebody's.
func (s *Server) asked(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	typed, back := r.PostForm.Get("email"), r.PostForm.Get("back")
	if !isOurs(back) {
		back = askPath
	}
	e, err := beta.ParseEmail(typed)
	if err != nil {
		return s.Pages.SignIn(w, r, s.addressPage(AddressPage{Email: strings.ToValidUTF8(typed, "\uFFFD"), Back: back, Problem: "This " + err.Error() + "."}))
	}
	if err := s.limits.asking(r.Context(), e.Key); err != nil {
		return err
	}
	secret, err := s.ask(r.Context(), e, back, httpd.RequestID(r.Context()))
	if err != nil {
		return err
	}
	s.cookies.set(w, askCookie, secret, askLife+codeLife)
	return sendTo(w, codePath)
}

// enter shows where to type the code. Mail scanners open the link that leads
// here: it changes nothing.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) error {
	secret, held := s.cookies.read(r, askCookie)
	if !held {
		return s.Pages.Code(w, r, CodePage{Over: true, Anew: askPath})
	}
	asked, found, err := s.Store.SignIn(r.Context(), digest(secret))
	if err != nil {
		return err
	}
	over := !found || !asked.UsedAt.IsZero() || asked.Tries >= maxTries
	return s.Pages.Code(w, r, CodePage{Code: digits(r.URL.Query().Get("code")), Over: over, Anew: cmp.Or(asked.Back, askPath)})
}

// entered takes the code and signs the browser in.
func (s *Server) entered(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if err := s.limits.trying(r.Context()); err != nil {
		return err
	}
	secret, _ := s.cookies.read(r, askCookie)
	session, back, err := s.try(r.Context(), secret, digits(r.PostForm.Get("code")))
	switch {
	case errors.Is(err, errWrong):
		return s.Pages.Code(w, r, CodePage{Anew: back, Problem: "That is not the code, or it is more than ten minutes old. Look whether there is a newer message."})
	case errors.Is(err, errOver):
		return s.Pages.Code(w, r, CodePage{Over: true, Anew: back})
	case err != nil:
		return err
	}
	if err := s.endBefore(r.Context(), r); err != nil {
		return err
	}
	s.cookies.drop(w, askCookie)
	s.cookies.set(w, sessionCookie, session, sessionLife)
	return sendTo(w, back)
}

// endBefore ends the session that the browser had until now.
func (s *Server) endBefore(ctx context.Context, r *http.Request) error {
	secret, held := s.cookies.read(r, sessionCookie)
	if !held {
		return nil
	}
	return s.Store.EndSession(ctx, digest(secret))
}

// digits are those of what was typed: people put in spaces as they like.
func digits(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, typed)
}
