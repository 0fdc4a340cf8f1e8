package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tryout/internal/inbox"
	"tryout/internal/mailtest"
)

var formLink = regexp.MustCompile(`https?://[^\s]+(/f/[0-9A-Za-z_-]+)`)

// From the request in the tester's mail to the developer's mail, API and CSV.
func TestFeedbackGoesFromTheTesterToTheDeveloper(t *testing.T) {
	t.Parallel()
	box, watch := mailtest.Inbox(t)
	watch.Developer("team@developer.test")
	next := arrivals(t, box)
	p := newSite(t, box.Addr().String()).serve()
	p.startTest()
	p.must(204, "PUT", tests, `{"feedbackEmail":"team@developer.test"}`)
	for _, address := range []string{"ann@x.test", "bob@x.test"} {
		p.add(address)
		next()
	}
	p.must(204, "POST", tests+"/testers/requestFeedback", addBody("ann@x.test"))
	request := next()
	link := formLink.FindStringSubmatch(request.Text)
	if link == nil || request.To[0] != "ann@x.test" {
		t.Fatalf("the request to %v leads to no form:\n%s", request.To, request.Text)
	}
	p.must(200, "GET", link[1], "")
	const said = "=HYPERLINK(\"https://evil.example\")\r\n<b>Good</b>"
	p.post(303, link[1]+"/send", url.Values{"rating": {"4"}, "text": {said}})

	forwarded := next()
	if !slices.Equal(forwarded.To, []string{"team@developer.test"}) || forwarded.Header.Get("Reply-To") != "<ann@x.test>" {
		t.Errorf("forwarded to %v, answers go to %s", forwarded.To, forwarded.Header.Get("Reply-To"))
	}
	for _, want := range []string{"ann@x.test", "Rating: 4 of 5", "> =HYPERLINK(\"https://evil.example\")", "> <b>Good</b>"} {
		if !strings.Contains(forwarded.Text, want) {
			t.Errorf("the forwarded mail does not say %q:\n%s", want, forwarded.Text)
		}
	}
	if strings.Contains(forwarded.HTML, "<b>") || strings.Contains(forwarded.HTML, "<a ") {
		t.Errorf("the text became markup:\n%s", forwarded.HTML)
	}
	wantNoOthers(t, box.Messages(), "ann@x.test", "bob@x.test")

	ours := "/x" + strings.TrimSuffix(tests, "/betaTest") + "/feedback"
	if got := p.must(200, "GET", ours, ""); !strings.Contains(got, `"emailId":"ann@x.test","kind":"FEEDBACK","rating":4`) {
		t.Errorf("the list: got %s", got)
	}
	if got := p.must(200, "GET", ours+"?format=csv", ""); !strings.Contains(got, `,ann@x.test,FEEDBACK,4,"'=HYPERLINK(""https://evil.example"")`) {
		t.Errorf("the CSV: got %s", got)
	}
	until(t, "the story", func() bool {
		why := p.text("why", "ann@x.test", "--skill", hush)
		return strings.Contains(why, "The mail that forwards their feedback was taken by the relay") && strings.Contains(why, "Wrote feedback, or why they declined.")
	})
	p.stop()
	for _, secret := range []string{"HYPERLINK", link[1], "ann@"} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// arrivals returns a function that waits for the next message.
func arrivals(t *testing.T, box *inbox.Inbox) func() inbox.Received {
	seen := 0
	return func() inbox.Received {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		m, err := box.Next(ctx, seen)
		if err != nil {
			t.Fatalf("message %d: %v", seen+1, err)
		}
		seen = m.ID
		return m
	}
}

// post sends a form as a browser does, and wants a status; redirections are not followed.
func (p *server) post(status int, path string, form url.Values) {
	p.t.Helper()
	req := p.request("", http.MethodPost, path, form.Encode())
	req.Header.Del("Authorization")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.client.Transport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != status {
		p.t.Fatalf("POST a form: got %d, want %d", resp.StatusCode, status)
	}
}

// wantNoOthers requires that no message names a tester but its recipient; one
// to the developer, which forwards what a tester wrote, names its author alone.
func wantNoOthers(t *testing.T, messages []inbox.Received, testers ...string) {
	t.Helper()
	for _, m := range messages {
		may := m.To
		if m.To[0] == "team@developer.test" {
			may = []string{strings.Trim(m.Header.Get("Reply-To"), "<>")}
		}
		for _, other := range testers {
			if len(m.To) != 1 || !slices.Contains(may, other) && strings.Contains(string(m.Data)+m.Text+m.HTML, other) {
				t.Errorf("the message to %v names %s:\n%s", m.To, other, m.Data)
			}
		}
	}
}
