package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/storetest"
	"tryout/internal/web"
)

// owner is signed in, and owns two vendors.
type owner struct{}

func (owner) SignedIn(r *http.Request) (lwa.Person, string, bool, error) {
	p, found, err := owner{}.Person(r.Context(), "")
	return p, "session", found, err
}

func (owner) SignIn(http.ResponseWriter, *http.Request, string) error { panic("they are") }

func (owner) Person(context.Context, string) (lwa.Person, bool, error) {
	return lwa.Person{ID: "p", Email: strings.Repeat("ada", 20) + "@example.com", Roles: []lwa.Role{
		{Vendor: beta.Vendor{ID: "V1", Name: "Acme"}, Part: lwa.Owner}, {Vendor: beta.Vendor{ID: "V2", Name: "<b>Umbrella"}, Part: lwa.Viewer},
	}}, true, nil
}

// consentSite asks for ask-cli's own client, and has a client's page besides.
func consentSite(t *testing.T) http.Handler {
	t.Helper()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	access := lwa.Access{Store: s, Now: clock.Now}
	err := s.Update(t.Context(), func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: "V2", Name: "<b>Umbrella"}, clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := web.New(nil, beta.Links{})
	server, err := lwa.NewServer(lwa.Config{Access: access, Issuer: "https://other.example", People: owner{}, Pages: pages, Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<h1>program</h1>"))
	}))
	t.Cleanup(program.Close)
	client := lwa.Client{ID: "C", Name: strings.Repeat("W", 60), Scope: lwa.ScopeWrite, RedirectURIs: []string{program.URL + "/cb"}}
	if _, err := s.CreateClient(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"response_type": {"code"}, "client_id": {"C"}, "redirect_uri": client.RedirectURIs, "state": {"x"}}.Encode()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/begin":
			http.Redirect(w, r, "/ap/oa?"+query, http.StatusFound)
		case server.Owns(r.URL.Path):
			server.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

func TestAllowingAProgramInARealBrowser(t *testing.T) {
	t.Parallel()
	b := open(t, consentSite(t))
	for label, want := range map[string]string{"Allow": "?code=AN", "No": "?error=access_denied"} {
		b.visit("/begin")
		if got := b.heading(); !strings.HasPrefix(got, "May WWW") {
			t.Fatalf("the page says %q", got)
		}
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > phone {
			t.Errorf("the page is %d pixels wide on a phone of %d", wide, phone)
		}
		const small = `[...document.querySelectorAll("button, .choices label")].filter(e => e.getBoundingClientRect().height < 44).length`
		if n := eval[int](b, small); n > 0 {
			t.Errorf("%d targets are lower than 44 pixels", n)
		}
		eval[bool](b, `document.querySelector("input[value=V2]").click() === undefined`)
		b.press(label)
		if got := eval[string](b, "location.href"); b.heading() != "program" || !strings.Contains(got, want) {
			t.Errorf("after %s the browser is at %s, want the program's page with %s", label, got, want)
		}
	}
	b.wantQuiet()
}
