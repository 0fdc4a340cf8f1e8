package web

import (
	"net/http"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// subscription shows whether mail of a vendor is wanted, and lets people say
// otherwise. It changes nothing: mail scanners open links.
func (h *Handler) subscription(w http.ResponseWriter, r *http.Request, text string) error {
	return h.standing(w, r, text, http.StatusOK)
}

// standing shows it as the answer to whatever was asked.
func (h *Handler) standing(w http.ResponseWriter, r *http.Request, text string, status int) error {
	link, ok := h.links.Parse(beta.UnsubscribePlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	inv, refused, err := h.service.Recipient(r.Context(), link)
	if err != nil {
		return err
	}
	sheet := "subscribed"
	if refused {
		sheet = "unsubscribed"
	}
	return h.show(w, status, sheet, newOffer(inv, text))
}

// unsubscribe is what the page's button and a mail program's one click send
// (RFC 8058): at once, without a cookie, without a question, and without a
// redirect, which mail programs do not follow. The body says nothing that the
// address does not, and is not read.
func (h *Handler) unsubscribe(w http.ResponseWriter, r *http.Request, text string) error {
	return h.wish(w, r, text, false)
}

// subscribe takes it back.
func (h *Handler) subscribe(w http.ResponseWriter, r *http.Request, text string) error {
	return h.wish(w, r, text, true)
}

// leave is the way out of the test alone. The link cannot open the invitation,
// so its answer is here.
func (h *Handler) leave(w http.ResponseWriter, r *http.Request, text string) error {
	link, ok := h.links.Parse(beta.UnsubscribePlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	_, err := h.service.Decline(r.Context(), link, httpd.RequestID(r.Context()))
	switch {
	case kind(err) == beta.Conflict: // the test is over
		return h.standing(w, r, text, http.StatusConflict)
	case err != nil:
		return err
	}
	w.Header().Set("Location", "/u/"+text)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (h *Handler) wish(w http.ResponseWriter, r *http.Request, text string, again bool) error {
	link, ok := h.links.Parse(beta.UnsubscribePlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	if err := h.service.Unsubscribe(r.Context(), link, again, httpd.RequestID(r.Context())); err != nil {
		return err
	}
	return h.subscription(w, r, text)
}
