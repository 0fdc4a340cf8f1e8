package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/web"
)

func TestNamesOnThePageThatAsksCannotRearrangeIt(t *testing.T) {
	t.Parallel()
	hostile := "\u202e</bdi><b>" + strings.Repeat("W", 300)
	for _, vendors := range []int{1, 2} {
		c := lwa.Consent{Client: lwa.Client{Name: hostile}, Person: lwa.Person{Email: "ada@example.com"}, Action: "/ap/oa?x=1&y=2", Ticket: "t"}
		for range vendors {
			c.Choices = append(c.Choices, lwa.Choice{Vendor: beta.Vendor{ID: "V1", Name: hostile}, Scope: lwa.ScopeRead})
		}
		w := httptest.NewRecorder()
		if err := web.New(nil, beta.Links{}).Consent(w, httptest.NewRequest("GET", "/ap/oa", nil), c); err != nil {
			t.Fatal(err)
		}
		page := parse(t, w)
		if strings.ContainsRune(w.Body.String(), '\u202e') || strings.Contains(w.Body.String(), strings.Repeat("W", 200)) || len(all(page, "b")) > 0 {
			t.Errorf("with %d vendors a name does as it likes: %s", vendors, w.Body)
		}
		if got := attr(all(page, "form")[0], "action"); got != c.Action {
			t.Errorf("the answer goes to %q, want %q", got, c.Action)
		}
		if !strings.Contains(text(page), "read skills, tests and testers") || strings.Contains(text(page), "change") {
			t.Errorf("what may be read only is said otherwise: %s", text(page))
		}
	}
}

func TestARefusalOfAccessIsAPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     lwa.Refusal
		status  int
		heading string
		retry   string
	}{
		{lwa.Refusal{Description: "Not <this> way."}, 400, "This cannot be done", ""},
		{lwa.Refusal{Description: "No.", Status: 403}, 403, "This cannot be done", ""},
		{lwa.Refusal{Description: "Later.", Status: 503, Retry: 1500 * time.Millisecond}, 503, "That did not work", "2"},
	} {
		w := httptest.NewRecorder()
		web.New(nil, beta.Links{}).Refused(w, httptest.NewRequest("GET", "/ap/oa", nil), c.why)
		page := parse(t, w)
		if w.Code != c.status || text(all(page, "h1")[0]) != c.heading || w.Header().Get("Retry-After") != c.retry || !strings.Contains(text(page), c.why.Description) {
			t.Errorf("%+v: got %d, Retry-After %q, %s", c.why, w.Code, w.Header().Get("Retry-After"), text(page))
		}
	}
}
