package e2e_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// invitee is a tester at a browser, without scripts.
type invitee struct {
	browser *http.Client
	at      *url.URL // the page that is open
	page    *html.Node
}

// follow opens the invitation link. It fails unless that shows a page.
func follow(t *testing.T, link string) *invitee {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &invitee{browser: &http.Client{Jar: jar, Timeout: patience}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "none")
	v.open(t, req)
	return v
}

// press sends the form that has the button, as a browser does.
func (v *invitee) press(t *testing.T, button string) {
	t.Helper()
	b := find(v.page, func(n *html.Node) bool { return isButton(n) && strings.Contains(caption(n), button) })
	if b == nil {
		t.Fatalf("no button %q on %s, which says:\n%s", button, v.at, caption(v.page))
	}
	form := b.Parent
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil || !strings.EqualFold(attr(form, "method"), http.MethodPost) {
		t.Fatalf("the button %q on %s is in no form that is posted", button, v.at)
	}
	action, err := v.at.Parse(attr(form, "action"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, action.String(), strings.NewReader(fields(form, b).Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.at.Scheme+"://"+v.at.Host)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	v.open(t, req)
}

// open makes the request's answer the open page.
func (v *invitee) open(t *testing.T, req *http.Request) {
	t.Helper()
	resp, err := v.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if v.page, err = html.Parse(resp.Body); err != nil {
		t.Fatal(err)
	}
	v.at = resp.Request.URL
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%s %s: %s, %s, want a page; it says:\n%s", req.Method, req.URL, resp.Status, resp.Header.Get("Content-Type"), caption(v.page))
	}
}

// fields returns what the form sends when the button is pressed.
func fields(form, button *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		if n == button || n.Data == "input" && attr(n, "type") == "hidden" {
			if name := attr(n, "name"); name != "" {
				values.Add(name, attr(n, "value"))
			}
		}
	}
	return values
}

func isButton(n *html.Node) bool {
	return n.Data == "button" || n.Data == "input" && attr(n, "type") == "submit"
}

// caption returns the text that the element shows.
func caption(n *html.Node) string {
	text := attr(n, "value")
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

func find(root *html.Node, is func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
