package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"tryout/internal/beta"
)

// form returns an edit that sends a form: names and values in turn.
func form(pairs ...string) func(*http.Request) {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return body(values.Encode())
}

func body(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(text))
	}
}

// send sends the feedback form.
func (s *site) send(pairs ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.ask(http.MethodPost, s.formPath()+"/send", form(pairs...))
}

func TestWhatIsWrittenIsHandedOnAndThankedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.send("rating", "4", "text", " Good.\r\nBut slow. ")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != s.formPath()+"/thanks" {
		t.Fatalf("status %d to %q, want 303 to the thanks", w.Code, w.Header().Get("Location"))
	}
	want := []beta.Feedback{{Kind: beta.Opinion, Rating: 4, Text: "Good.\nBut slow."}}
	if diff := cmp.Diff(want, s.testers.written); diff != "" {
		t.Errorf("handed on (-want +got):\n%s", diff)
	}
	if got := heading(t, s.ask(http.MethodGet, s.formPath()+"/thanks")); got != "Thank you" {
		t.Errorf("the page after it: heading %q", got)
	}
}

func TestAFormThatCannotBeSentKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 4001)
	for name, c := range map[string]struct {
		rating, text string
		err          error
		status       int
		says         string
	}{
		"nothing":          {"", " \n ", nil, 400, "Nothing was written yet"},
		"too long":         {"3", long, nil, 400, "The text has 4001 characters; at most 4000 can be sent."},
		"NUL":              {"2", "a\x00b", nil, 400, "no text"},
		"bad UTF-8":        {"2", "a\xffb", nil, 400, "no text"},
		"too often":        {"5", "once more", &beta.Error{Kind: beta.TooMany}, 429, "as often as one can"},
		"busy":             {"5", "in a bad moment", &beta.Error{Kind: beta.Unavailable}, 503, "busy just now"},
		"broken":           {"1", "secret?", errors.New("secret!"), 500, "our fault"},
		"markup":           {"", "</textarea><script>alert(1)</script>" + long, nil, 400, "at most 4000"},
		"begins with a LF": {"1", "\n\nx" + long, nil, 400, "at most 4000"},
	} {
		s := newSite(t)
		s.testers.writeErr = c.err
		w := s.send("rating", c.rating, "text", c.text)
		page := parse(t, w)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
		wantTyped(t, name, page, c.rating, c.text)
		wantProblem(t, name, page, c.says)
		if strings.Contains(w.Body.String(), "secret!") {
			t.Errorf("%s: the page shows a detail of ours", name)
		}
	}
}

// wantTyped requires that a form holds what was typed.
func wantTyped(t *testing.T, name string, page *html.Node, rating, typed string) {
	t.Helper()
	area := all(page, "textarea")[0]
	want := strings.NewReplacer("\xff", "\uFFFD", "\x00", "\uFFFD").Replace(typed)
	var got string
	if area.FirstChild != nil {
		got = area.FirstChild.Data
	}
	if got != want && got != strings.ReplaceAll(want, "\uFFFD", "") {
		t.Errorf("%s: the field holds %.100q, want %.100q", name, got, want)
	}
	for _, input := range all(page, "input") {
		_, checked := attribute(input, "checked")
		if value := attr(input, "value"); checked != (value == rating) {
			t.Errorf("%s: rating %q is checked: %v", name, value, checked)
		}
	}
}

// wantProblem requires that a page says what is wrong, and where.
func wantProblem(t *testing.T, name string, page *html.Node, says string) {
	t.Helper()
	for n := range page.Descendants() {
		if attr(n, "id") == "problem" {
			if attr(n, "role") != "alert" || !strings.Contains(text(n), says) {
				t.Errorf("%s: the problem is %q, role %q; want %q in it", name, text(n), attr(n, "role"), says)
			}
			area := all(page, "textarea")[0]
			if attr(area, "aria-invalid") != "true" || !strings.Contains(attr(area, "aria-describedby"), "problem") {
				t.Errorf("%s: the field does not name the problem", name)
			}
			return
		}
	}
	t.Errorf("%s: the page does not say what is wrong:\n%s", name, text(page))
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func TestEveryFieldHasALabel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Tester.State = beta.Declined })
	for _, path := range []string{s.formPath(), s.path()} {
		page := parse(t, s.ask(http.MethodGet, path))
		labels := map[string]bool{}
		for _, l := range all(page, "label") {
			labels[attr(l, "for")] = true
		}
		for _, field := range all(page, "textarea", "input") {
			if wrapped := field.Parent.Data == "label"; !wrapped && !labels[attr(field, "id")] {
				t.Errorf("%s: <%s name=%q> has no label", path, field.Data, attr(field, "name"))
			}
			for id := range strings.FieldsSeq(attr(field, "aria-describedby")) {
				wantID(t, page, id)
			}
		}
	}
}

func wantID(t *testing.T, page *html.Node, id string) {
	t.Helper()
	found := 0
	for n := range page.Descendants() {
		if attr(n, "id") == id {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d elements are called %q, want 1", found, id)
	}
}

func TestAFormThatWasCutShortSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, broken := range []func(*http.Request){
		body("text=%zz"),
		func(r *http.Request) {
			body(strings.Repeat("text=", 1000))(r)
			r.Body = http.MaxBytesReader(nil, r.Body, 100)
		},
	} {
		w := s.ask(http.MethodPost, s.formPath()+"/send", broken)
		if w.Code != http.StatusBadRequest || s.testers.written != nil {
			t.Errorf("status %d, kept %v; want 400 and nothing", w.Code, s.testers.written)
		}
		wantProblem(t, "cut", parse(t, w), "cut short")
	}
}

func TestATestThatTakesNoFeedbackSaysSo(t *testing.T) {
	t.Parallel()
	for status, want := range map[beta.Status]string{beta.InDraft: "The test has not started yet", beta.Ended: "The time for feedback is over"} {
		s := newSite(t)
		s.change(func(inv *beta.Invitation) { inv.Status, inv.TakesFeedback = status, false })
		if w := s.ask(http.MethodGet, s.formPath()); w.Code != http.StatusOK || heading(t, w) != want {
			t.Errorf("%s: GET is %d %q, want 200 %q", status, w.Code, heading(t, w), want)
		}
		w := s.send("text", "too late")
		if w.Code != http.StatusConflict || heading(t, w) != want || s.testers.written != nil {
			t.Errorf("%s: POST is %d %q, want 409 %q", status, w.Code, heading(t, w), want)
		}
		if status == beta.Ended && !strings.Contains(w.Body.String(), "too late") {
			t.Error("what was typed is lost")
		}
	}
}

func TestWhoSaidNoMaySayWhy(t *testing.T) {
	t.Parallel()
	for state, status := range map[beta.TesterState]int{beta.Declined: 303, beta.Left: 303, beta.Accepted: 409, beta.Invited: 409} {
		s := newSite(t)
		s.change(func(inv *beta.Invitation) { inv.Tester.State = state })
		w := s.ask(http.MethodPost, s.formPath()+"/reason", form("text", "No time.", "rating", "5"))
		var want []beta.Feedback
		if status == 303 {
			want = []beta.Feedback{{Kind: beta.DeclineReason, Text: "No time."}}
		}
		if diff := cmp.Diff(want, s.testers.written); w.Code != status || diff != "" {
			t.Errorf("%s: status %d, want %d; handed on (-want +got):\n%s", state, w.Code, status, diff)
		}
	}
	s := newSite(t)
	s.change(func(inv *beta.Invitation) { inv.Tester.State = beta.Left })
	typed := strings.Repeat("x", 501)
	w := s.ask(http.MethodPost, s.formPath()+"/reason", form("text", typed))
	if w.Code != http.StatusBadRequest || heading(t, w) != "You left the test" {
		t.Errorf("too long: %d %q", w.Code, heading(t, w))
	}
	wantProblem(t, "too long", parse(t, w), "at most 500")
	wantTyped(t, "too long", parse(t, w), "", typed)
}

func TestTheFormNamesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := s.ask(http.MethodGet, s.formPath())
	for _, input := range all(parse(t, w), "input") {
		if attr(input, "type") != "radio" || attr(input, "name") != "rating" {
			t.Errorf("the form has the field %q", attr(input, "name"))
		}
	}
	if strings.Contains(strings.ToLower(w.Body.String()), "ada@") {
		t.Error("the form shows the tester's address")
	}
}

// Where a tester can write, their pages lead to the form; else none does.
func TestPagesLeadToTheFormWhileItIsOpen(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		for _, status := range []beta.Status{beta.Running, beta.Ended} {
			s := newSite(t)
			s.change(func(inv *beta.Invitation) {
				inv.Status, inv.TakesFeedback, inv.Tester.State = status, open, beta.Accepted
			})
			found := strings.Contains(s.ask(http.MethodGet, s.path()).Body.String(), `href="`+s.formPath()+`"`)
			if found != open {
				t.Errorf("%s, open %v: the page leads there: %v", status, open, found)
			}
			if page := s.ask(http.MethodGet, "/test/"+s.link.Test.String()).Body.String(); strings.Contains(page, "/f/") {
				t.Errorf("the test's own page leads to a form")
			}
		}
	}
}
