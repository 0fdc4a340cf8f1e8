// Package web is HTML for people: the page behind an invitation link with its
// two answers, the form for feedback, the page of a test, those where people
// sign in and are asked whether a program may act for them, and a start page.
//
// Reading changes nothing: mail scanners open every link they see, so only a
// pressed button answers. The pages need no JavaScript and load nothing from
// elsewhere; none for testers sets a cookie. A link that leads nowhere gets one
// and the same page whatever the reason, so that it tells nothing about who was
// invited.
package web

import (
	"context"
	"net/http"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// service is what the pages need of the domain; [beta.Service] has it.
type service interface {
	// Invitation returns what the page of a link shows. It is a
	// [beta.NotFound] error when the link names nobody any more.
	Invitation(ctx context.Context, l beta.Link) (beta.Invitation, error)
	// Accept is a [beta.Conflict] error unless the test runs; accepting twice is no error.
	Accept(ctx context.Context, l beta.Link, requestID string) (beta.Invitation, error)
	// Decline says no thanks or, after accepting, leaves the test.
	Decline(ctx context.Context, l beta.Link, requestID string) (beta.Invitation, error)
	// Write keeps what a tester wrote. It is a [beta.Conflict] error when the test
	// takes none, [beta.TooMany] when there is too much of it already.
	Write(ctx context.Context, l beta.Link, f beta.Feedback, requestID string) (beta.Invitation, error)
	// TestPage returns what may be shown of a test to anybody.
	TestPage(ctx context.Context, id beta.TestID) (beta.Invitation, error)
	// Recipient returns whose mail a link stood in, removed or not, and whether
	// they want no mail of the vendor.
	Recipient(ctx context.Context, l beta.Link) (inv beta.Invitation, refused bool, err error)
	// Unsubscribe says so for them; with again, that they want mail after all.
	Unsubscribe(ctx context.Context, l beta.Link, again bool, requestID string) error
}

// Handler serves the pages. Make it with [New].
type Handler struct {
	// Errors is told of each failure that is ours; the person sees a page
	// with the request id and no detail. Nil means nobody is told.
	Errors func(r *http.Request, err error)

	service     service
	links       beta.Links
	sheets      sheets
	assets      map[string]asset
	crossOrigin http.CrossOriginProtection
}

// New returns a Handler that shows what s says and reads links with the given
// key. It panics if a page embedded in the program is malformed.
func New(s service, links beta.Links) *Handler {
	assets := newAssets()
	return &Handler{service: s, links: links, assets: assets, sheets: newSheets(assets)}
}

// TrustOrigin lets answers come from pages of origin, such as
// "https://beta.example.com". The origin that the request itself names as its
// host is always trusted; name the public one too, because a proxy may change
// the host. It fails when origin is not scheme://host[:port].
func (h *Handler) TrustOrigin(origin string) error {
	return h.crossOrigin.AddTrustedOrigin(origin)
}

// ServeHTTP answers with a page whatever is asked, also where [Handler.Owns]
// is false: that page says that the link leads nowhere.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	if err := h.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	e, name, found := h.find(r.URL.Path)
	switch {
	case !found:
		return refusal(beta.NotFound)
	case !e.allows(r.Method):
		w.Header().Set("Allow", e.allow())
		return refusal(beta.NotAllowed)
	}
	if r.Method != http.MethodPost {
		httpd.Route(r.Context(), http.MethodGet+" "+e.path)
		return e.serve(w, r, name)
	}
	httpd.Route(r.Context(), http.MethodPost+" "+e.path)
	if err := h.admit(r); err != nil {
		return err
	}
	if e.post != nil {
		return e.post(w, r, name)
	}
	return e.serve(w, r, name)
}

// admit checks an answer before it may change anything: it must not come from
// another site's page. Without any Origin it is let in: web views of mail
// programs send none, and who holds the link may answer. The body is not read
// here: a slow one would hold a place among the requests, so only a form that
// needs it reads it, and that once the link is known to be one of ours.
func (h *Handler) admit(r *http.Request) error {
	if err := h.crossOrigin.Check(r); err != nil && !isOursUnreferred(r) {
		return refusal(beta.Forbidden)
	}
	return nil
}

// isOursUnreferred reports whether r may be our own form in a browser that was
// told no-referrer: over plain HTTP it says "Origin: null" and nothing of where
// it comes from. There is no cookie that a stranger's page could ride on: only
// who has the link can send it.
func isOursUnreferred(r *http.Request) bool {
	return r.Header.Get("Origin") == "null" && r.Header.Get("Sec-Fetch-Site") == ""
}

// setHeaders sets what every answer carries.
func setHeaders(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
}
