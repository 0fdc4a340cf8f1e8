package inbox_test

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tryout/internal/inbox"
)

// get asks for a page.
func get(t testing.TB, i *inbox.Inbox, path string, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if w.Code != status {
		t.Fatalf("GET %s: got %d, want %d:\n%s", path, w.Code, status, w.Body)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("GET %s: Cache-Control is %q, want no-store", path, got)
	}
	return w
}

// elements returns the elements of a page that have a name.
func elements(t testing.TB, page, name string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, key string) string {
	at := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
	if at < 0 {
		return ""
	}
	return n.Attr[at].Val
}

// words is the text in an element.
func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestTheListShowsTheNewestFirst(t *testing.T) {
	t.Parallel()
	i := open(t)
	if page := get(t, i, "/inbox/", 200).Body.String(); !strings.Contains(page, "No mail yet") {
		t.Errorf("an empty inbox shows\n%s", page)
	}
	send(t, i, "Subject: first\n\n\n")
	send(t, i, "Subject: second\n\n\n", "bob@example.org")
	rows := elements(t, get(t, i, "/inbox/", 200).Body.String(), "li")
	if len(rows) != 2 || !strings.HasPrefix(words(rows[0]), "second ") || !strings.Contains(words(rows[0]), "bob@example.org beta@tryout.example") {
		t.Errorf("got %d rows", len(rows))
	}
}

func TestAPageHoldsOnlyWhatItsPolicyAllows(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, alternative("text/plain", "text", "text/html", "<p>html"))
	for _, path := range []string{"/inbox/", "/inbox/1"} {
		w := get(t, i, path, 200)
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
		page := w.Body.String()
		for _, script := range elements(t, page, "script") {
			if attribute(script, "src") != "inbox.js" || words(script) != "" {
				t.Errorf("%s: an inline or foreign script", path)
			}
		}
		if strings.Contains(page, " style=") || len(elements(t, page, "style")) > 0 || strings.Contains(page, "://") {
			t.Errorf("%s: inline style or foreign content:\n%s", path, page)
		}
	}
	for path, kind := range map[string]string{"/inbox/inbox.css": "text/css", "/inbox/inbox.js": "text/javascript"} {
		if got, _, err := mime.ParseMediaType(get(t, i, path, 200).Header().Get("Content-Type")); err != nil || got != kind {
			t.Errorf("%s is %q, %v", path, got, err)
		}
	}
}

func TestHostileMailStaysText(t *testing.T) {
	t.Parallel()
	i := open(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	send(t, i, "Subject: "+evil+"\nFrom: "+evil+"\nTo: "+evil+"\nReply-To: "+evil+"\nDate: "+evil+"\n\n"+evil+"\nhttps://a.example/\""+evil+"\njavascript:alert(1)\n")
	for path, scripts := range map[string]int{"/inbox/": 1, "/inbox/1": 0} {
		page := get(t, i, path, 200).Body.String()
		if len(elements(t, page, "img")) > 0 || len(elements(t, page, "script")) != scripts {
			t.Errorf("%s: the mail got into the markup:\n%s", path, page)
		}
		for _, a := range elements(t, page, "a") {
			if href := attribute(a, "href"); strings.HasPrefix(href, "javascript") {
				t.Errorf("%s: a link to %q", path, href)
			}
		}
	}
}

func TestAMailsHTMLStandsInItsOwnSandbox(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, alternative("text/plain", "text", "text/html", `<base href="https://evil.example/" target="x"><a href="https://tryout.example/t/1">Open</a>`))
	frames := elements(t, get(t, i, "/inbox/1", 200).Body.String(), "iframe")
	if len(frames) != 1 || attribute(frames[0], "src") != "1/html" {
		t.Fatalf("got %d frames", len(frames))
	}
	w := get(t, i, "/inbox/1/html", 200)
	csp := w.Header().Get("Content-Security-Policy")
	for where, sandbox := range map[string]string{"frame": attribute(frames[0], "sandbox"), "policy": csp[strings.Index(csp, "sandbox"):]} {
		if strings.Contains(sandbox, "allow-scripts") || strings.Contains(sandbox, "allow-same-origin") || !strings.Contains(sandbox, "allow-top-navigation-by-user-activation") {
			t.Errorf("%s: the sandbox is %q", where, sandbox)
		}
	}
	if base := elements(t, w.Body.String(), "base"); len(base) == 0 || attribute(base[0], "target") != "_top" || attribute(base[0], "href") != "" {
		t.Errorf("links do not open in the whole window:\n%s", w.Body)
	}
}

func TestLinksInTextCanBeClicked(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, "\nOpen https://tryout.example/t/1?a=b&c=d. Or (see http://x.example/y), then\nhttps://z.example\n")
	var got []string
	for _, a := range elements(t, get(t, i, "/inbox/1", 200).Body.String(), "a") {
		if href := attribute(a, "href"); strings.Contains(href, "://") {
			got = append(got, href)
		}
	}
	if want := []string{"https://tryout.example/t/1?a=b&c=d", "http://x.example/y", "https://z.example"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheSourceIsTheMessage(t *testing.T) {
	t.Parallel()
	i := open(t)
	send(t, i, "Subject: <b>\n\n<b>\n")
	w := get(t, i, "/inbox/1/source", 200)
	if got := w.Body.String(); got != "Subject: <b>\r\n\r\n<b>\r\n" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("got %q as %s", got, w.Header().Get("Content-Type"))
	}
}

func TestAMessageThatIsNotHeldIsNotFound(t *testing.T) {
	t.Parallel()
	i := open(t)
	for _, path := range []string{"/inbox/1", "/inbox/0", "/inbox/-1", "/inbox/x", "/inbox/1/html", "/inbox/99999999999999999999", "/inbox/head.html", "/inbox/1/other"} {
		get(t, i, path, 404)
	}
}
