package web

import (
	"errors"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// retryAfter is when to try again if the failure itself does not say.
const retryAfter = 10 * time.Second

// failure is what the page of a failure says.
type failure struct {
	Status    int
	Heading   string
	Text      string
	Back      string // the invitation it is about, if going back there can help
	RequestID string // only when somebody must look into it
}

// refusal returns an error of ours that the person may see; the page has the words.
func refusal(k beta.Kind) error {
	return &beta.Error{Kind: k, Message: "refused"}
}

// fail is the one place where an error becomes a page of its own.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := h.failure(w, r, err)
	if f.Status != http.StatusNotFound { // that page is the same for everybody
		f.Back = back(r.URL.Path)
	}
	if err := h.show(w, f.Status, "failure", f); err != nil {
		h.report(r, err)
	}
}

// failure returns what a page says of an error, reports what is ours, and says
// in the header when to come back.
func (h *Handler) failure(w http.ResponseWriter, r *http.Request, err error) failure {
	f := explain(kind(err))
	switch f.Status {
	case http.StatusInternalServerError:
		f.RequestID = httpd.RequestID(r.Context())
		h.report(r, err)
	case http.StatusServiceUnavailable:
		h.report(r, err)
		w.Header().Set("Retry-After", seconds(err))
	}
	return f
}

func (h *Handler) report(r *http.Request, err error) {
	if h.Errors != nil {
		h.Errors(r, err)
	}
}

// explain says a kind of failure in words for people; what is not theirs to
// know, zero included, is our fault.
func explain(k beta.Kind) failure {
	switch k {
	case beta.Forbidden:
		return failure{Status: http.StatusForbidden, Heading: "That came from another site",
			Text: "An answer counts only when it is given on the page of the invitation. Nothing has changed."}
	case beta.NotFound:
		return failure{Status: http.StatusNotFound, Heading: "This link leads nowhere",
			Text: "It may have been cut short on its way here, or it may no longer be good."}
	case beta.NotAllowed:
		return failure{Status: http.StatusMethodNotAllowed, Heading: "This page cannot do that",
			Text: "Your browser asked for something that is not done here. Nothing has changed."}
	case beta.TooMany:
		return failure{Status: http.StatusTooManyRequests, Heading: "That is all that can be sent",
			Text: "You have written as often as one can in this test. All of it has arrived; this has not."}
	case beta.Unavailable:
		return failure{Status: http.StatusServiceUnavailable, Heading: "Please try again in a moment",
			Text: "The server is busy just now. Nothing is lost, and your link stays good."}
	}
	return failure{Status: http.StatusInternalServerError, Heading: "Something went wrong here",
		Text: "It is our fault, not yours. Please try again; your link stays good."}
}

// back returns the address of the invitation that an answer at p was about.
func back(p string) string {
	dir := path.Dir(p)
	if text, is := strings.CutPrefix(dir, "/f/"); is {
		return "/i/" + text
	}
	if strings.HasPrefix(dir, "/i/") {
		return dir
	}
	return ""
}

// seconds returns the value of Retry-After.
func seconds(err error) string {
	wait := retryAfter
	var e *beta.Error
	if errors.As(err, &e) && e.Retry > 0 {
		wait = e.Retry
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}
