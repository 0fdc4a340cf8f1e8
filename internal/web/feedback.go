package web

import (
	"errors"
	"net/http"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// feedback shows the form, or that the test takes none now.
func (h *Handler) feedback(w http.ResponseWriter, r *http.Request, text string) error {
	inv, err := h.linked(r, text)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusOK, feedbackSheet(inv), newOffer(inv, text))
}

// thanks says that what was written has arrived.
func (h *Handler) thanks(w http.ResponseWriter, r *http.Request, text string) error {
	inv, err := h.linked(r, text)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusOK, "thanks", newOffer(inv, text))
}

// linked returns the invitation that the text of a link leads to.
func (h *Handler) linked(r *http.Request, text string) (beta.Invitation, error) {
	link, ok := h.links.Parse(beta.InvitationPlace, text)
	if !ok {
		return beta.Invitation{}, refusal(beta.NotFound)
	}
	return h.service.Invitation(r.Context(), link)
}

// feedbackSheet names the page that fits a test as it stands.
func feedbackSheet(inv beta.Invitation) string {
	switch {
	case inv.TakesFeedback:
		return "feedback"
	case inv.Status == beta.InDraft:
		return "early"
	}
	return "closed"
}

func (h *Handler) send(w http.ResponseWriter, r *http.Request, text string) error {
	return h.write(w, r, text, beta.Opinion, feedbackSheet)
}

func (h *Handler) sendReason(w http.ResponseWriter, r *http.Request, text string) error {
	return h.write(w, r, text, beta.DeclineReason, invitationSheet)
}

// write keeps what a form sent and sends the browser on, so that reloading the
// page it then shows sends nothing again. Whatever goes wrong, the form comes
// back with what was typed; sheet names the page that it stands on.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, text string, kind beta.FeedbackKind, sheet func(beta.Invitation) string) error {
	link, ok := h.links.Parse(beta.InvitationPlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	typed, err := keep(r, kind, func(f beta.Feedback) error {
		_, err := h.service.Write(r.Context(), link, f, httpd.RequestID(r.Context()))
		return err
	})
	if err == nil {
		w.Header().Set("Location", "/f/"+text+"/thanks")
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	return h.again(w, r, text, typed, err, sheet)
}

// errCut is of a form that did not arrive whole. The edge bounds its size.
var errCut = beta.Violation{Code: beta.CodeLength, Message: "What you sent is too long, or was cut short on its way. Your browser may still have it: go back one page."}

// keep reads the form and hands on what it says. typed is what was in it.
func keep(r *http.Request, kind beta.FeedbackKind, write func(beta.Feedback) error) (typed draft, err error) {
	if err := r.ParseForm(); err != nil {
		return draft{}, errCut
	}
	rating, text := r.PostForm.Get("rating"), r.PostForm.Get("text")
	typed = draft{Rating: rating, Text: strings.ToValidUTF8(text, "\uFFFD")}
	f, err := beta.ParseFeedback(kind, rating, text)
	if err != nil {
		return typed, err
	}
	return typed, write(f)
}

// again shows a form that could not be sent, and says why.
func (h *Handler) again(w http.ResponseWriter, r *http.Request, text string, typed draft, reason error, sheet func(beta.Invitation) string) error {
	inv, err := h.linked(r, text)
	if err != nil {
		return err
	}
	o, status := newOffer(inv, text), http.StatusBadRequest
	var wrong beta.Violation
	switch {
	case errors.As(reason, &wrong):
		typed.Problem = wrong.Message
	case kind(reason) == beta.NotFound:
		return reason
	case kind(reason) == beta.Conflict:
		status = http.StatusConflict
		typed.Problem = "Meanwhile something has changed, so this was not sent."
	default:
		f := h.failure(w, r, reason)
		status, typed.Problem, typed.RequestID = f.Status, f.Text, f.RequestID
	}
	o.Draft = typed
	return h.show(w, status, sheet(inv), o)
}
