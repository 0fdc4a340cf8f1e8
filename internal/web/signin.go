package web

import (
	"net/http"

	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// Handler shows people where to sign in.
var _ signin.Pages = (*Handler)(nil)

// setSignInHeaders sets what pages carry whose forms come with a cookie: they
// name their origin, so that no exception is needed for those that do not.
func setSignInHeaders(header http.Header) {
	setHeaders(header)
	header.Set("Referrer-Policy", "same-origin")
}

// SignIn implements [signin.Pages].
func (h *Handler) SignIn(w http.ResponseWriter, _ *http.Request, p signin.AddressPage) error {
	setSignInHeaders(w.Header())
	return h.show(w, statusOf(p.Problem), "sign-in", p)
}

// Code implements [signin.Pages].
func (h *Handler) Code(w http.ResponseWriter, _ *http.Request, p signin.CodePage) error {
	setSignInHeaders(w.Header())
	return h.show(w, statusOf(p.Problem), "code", p)
}

// Sent implements [signin.Pages]. The browser goes on by itself: what a form
// leads to must stay on this server, and a redirect would not.
func (h *Handler) Sent(w http.ResponseWriter, _ *http.Request, p signin.SentPage) error {
	setSignInHeaders(w.Header())
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Refresh", "0; url="+p.Address)
	return h.show(w, http.StatusOK, "sent", p)
}

func statusOf(problem string) int {
	if problem != "" {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// somebody is what the page says of who is signed in.
type somebody struct {
	Email string
	Roles []part
}

type part struct{ Vendor, Part, Can string }

// can says in words what a part allows.
var can = map[lwa.Part]string{
	lwa.Owner:  "read everything; change testers and tests",
	lwa.Editor: "read everything; change testers",
	lwa.Viewer: "read everything",
}

// SignedIn implements [signin.Pages].
func (h *Handler) SignedIn(w http.ResponseWriter, _ *http.Request, p lwa.Person) error {
	setSignInHeaders(w.Header())
	page := somebody{Email: p.Email}
	for _, r := range p.Roles {
		page.Roles = append(page.Roles, part{legible(r.Vendor.Name), string(r.Part), can[r.Part]})
	}
	return h.show(w, http.StatusOK, "signed-in", page)
}
