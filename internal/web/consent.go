package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
)

// Handler shows people what access has to say.
var _ lwa.Pages = (*Handler)(nil)

// consent is what the page says that asks whether a program may act for somebody.
type consent struct {
	Client, Person string
	Target         string // where the answer goes
	Choices        []choice
	Action, Ticket string
}

type choice struct {
	ID     beta.VendorID
	Vendor string
	Write  bool
}

// One reports whether there is nothing to choose.
func (c consent) One() bool { return len(c.Choices) == 1 }

// Consent implements [lwa.Pages]. Its headers differ from other pages' in two
// things: the browser may follow the answer's redirect to the program, and it
// names the origin of the answer, which the cookie that goes with it needs.
func (h *Handler) Consent(w http.ResponseWriter, _ *http.Request, c lwa.Consent) error {
	setHeaders(w.Header())
	policy := w.Header().Get("Content-Security-Policy")
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+c.Target, 1))
	w.Header().Set("Referrer-Policy", "same-origin")
	page := consent{
		Client: legible(c.Client.Name), Person: c.Person.Email, Target: c.Target,
		Action: c.Action, Ticket: c.Ticket,
	}
	for _, one := range c.Choices {
		page.Choices = append(page.Choices, choice{one.Vendor.ID, legible(one.Vendor.Name), one.Write()})
	}
	return h.show(w, http.StatusOK, "consent", page)
}

// Refused implements [lwa.Pages].
func (h *Handler) Refused(w http.ResponseWriter, r *http.Request, why lwa.Refusal) {
	setHeaders(w.Header())
	f := failure{Status: cmp.Or(why.Status, http.StatusBadRequest), Heading: "This cannot be done", Text: why.Description}
	if f.Status >= 500 {
		f.Heading, f.RequestID = "That did not work", httpd.RequestID(r.Context())
	}
	why.SetRetry(w.Header())
	if err := h.show(w, f.Status, "failure", f); err != nil {
		httpd.Note(r.Context(), slog.String("err", err.Error()))
	}
}
