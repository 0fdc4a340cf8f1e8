package web

import (
	"context"
	"errors"
	"net/http"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

func (h *Handler) start(w http.ResponseWriter, _ *http.Request, _ string) error {
	return h.show(w, http.StatusOK, "start", nil)
}

// invitation shows where the tester stands, and what they can do about it.
func (h *Handler) invitation(w http.ResponseWriter, r *http.Request, text string) error {
	link, ok := h.links.Parse(beta.InvitationPlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	inv, err := h.service.Invitation(r.Context(), link)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusOK, invitationSheet(inv), newOffer(inv, text))
}

func (h *Handler) accept(w http.ResponseWriter, r *http.Request, text string) error {
	return h.answer(w, r, text, h.service.Accept)
}

func (h *Handler) decline(w http.ResponseWriter, r *http.Request, text string) error {
	return h.answer(w, r, text, h.service.Decline)
}

// answer records an answer and sends the browser back to the invitation, so
// that reloading the page it then shows answers nothing again.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, text string,
	record func(context.Context, beta.Link, string) (beta.Invitation, error),
) error {
	link, ok := h.links.Parse(beta.InvitationPlace, text)
	if !ok {
		return refusal(beta.NotFound)
	}
	_, err := record(r.Context(), link, httpd.RequestID(r.Context()))
	switch {
	case kind(err) == beta.Conflict:
		return h.tooLate(w, r, link, text)
	case err != nil:
		return err
	}
	w.Header().Set("Location", "/i/"+text)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// tooLate shows the invitation as it stands now to somebody whose answer the
// test's state does not allow: too late or, while it starts, too early.
func (h *Handler) tooLate(w http.ResponseWriter, r *http.Request, link beta.Link, text string) error {
	inv, err := h.service.Invitation(r.Context(), link)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusConflict, invitationSheet(inv), newOffer(inv, text))
}

// test shows a test to anybody who has its address: that people join with
// their own link, and whom to ask for it. It names no tester.
func (h *Handler) test(w http.ResponseWriter, r *http.Request, text string) error {
	id, ok := beta.ParseTestID(text)
	if !ok {
		return refusal(beta.NotFound)
	}
	inv, err := h.service.TestPage(r.Context(), id)
	if err != nil {
		return err
	}
	inv.Tester = beta.Tester{} // whatever the service says, this page names nobody
	return h.show(w, http.StatusOK, testSheet(inv.Status), newOffer(inv, ""))
}

// invitationSheet names the page that fits an invitation as it stands.
func invitationSheet(inv beta.Invitation) string {
	if s := testSheet(inv.Status); s != "test" {
		return s
	}
	switch inv.Tester.State {
	case beta.Accepted:
		return "accepted"
	case beta.Declined:
		return "declined"
	case beta.Left:
		return "left"
	}
	return "invited"
}

// testSheet names the page that fits a test's status.
func testSheet(s beta.Status) string {
	switch s {
	case beta.InDraft:
		return "early"
	case beta.Starting, beta.Running: // the first of a crowd are invited while it still starts
		return "test"
	}
	return "ended"
}

// kind returns the kind of an error that the caller may see, or zero.
func kind(err error) beta.Kind {
	var e *beta.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}
