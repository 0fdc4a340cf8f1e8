package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/storetest"
	"tryout/internal/web"
)

// signInSite is where ada@example.com can sign in. Its cookies are those of a
// server on this machine, so that a browser keeps them without HTTPS.
func signInSite(t *testing.T) (http.Handler, func() beta.Letter) {
	t.Helper()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	pages := web.New(nil, beta.Links{})
	server, err := signin.New(signin.Config{
		Store: s, Now: clock.Now, URL: "http://localhost", Key: []byte("k"), Pages: pages, Queued: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	people := signin.Register{Store: s, Now: clock.Now}
	email, _ := beta.ParseEmail(strings.Repeat("ada", 20) + "@example.com")
	if _, err := people.Create(t.Context(), email, "", ""); err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: "V1", Name: "\u202e<b>" + strings.Repeat("W", 200)}, clock.Now())
		return err
	})
	if err == nil {
		err = people.Grant(t.Context(), email, "V1", lwa.Editor)
	}
	if err != nil {
		t.Fatal(err)
	}
	letter := func() beta.Letter {
		mails, err := s.ClaimMail(t.Context(), "c", 1, 1)
		if err != nil || len(mails) != 1 {
			t.Fatalf("mails: %v, %v", mails, err)
		}
		l, wanted, err := server.Letter(t.Context(), mails[0])
		if err != nil || !wanted {
			t.Fatalf("letter: %v, %v", wanted, err)
		}
		return l
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if server.Owns(r.URL.Path) {
			server.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}), letter
}

func TestSigningInInARealBrowser(t *testing.T) {
	t.Parallel()
	handler, letter := signInSite(t)
	b := open(t, handler)
	b.visit("/sign-in/code")
	b.looks("Ask for a new code")
	b.visit("/sign-in")
	b.looks("Sign in")
	b.types("email", strings.Repeat("ada", 20)+"@example.com")
	b.press("Send the code")
	b.looks("Type the code")
	l := letter()
	b.types("code", "1")
	b.refused("Sign in", http.StatusBadRequest)
	b.looks("Type the code")
	if got := eval[string](b, `document.querySelector("[role=alert]").innerText`); !strings.Contains(got, "not the code") {
		t.Errorf("after a wrong code the page says %q", got)
	}
	b.visit(strings.TrimPrefix(l.Link, "http://localhost"))
	b.press("Sign in")
	b.looks("You are signed in")
	b.press("Sign out")
	b.looks("Sign in")
	b.wantQuiet()
}

// types puts text into a field in place of what is there.
func (b *browser) types(field, text string) {
	b.t.Helper()
	eval[string](b, `document.querySelector("[name=`+field+`]").value = "`+text+`"`)
}

// looks checks a page: its heading, that it fits on a phone, that a thumb hits
// what it offers, and that each field has a name for those who do not see it.
func (b *browser) looks(heading string) {
	b.t.Helper()
	if got := b.heading(); got != heading {
		b.t.Errorf("the page says %q, want %q", got, heading)
	}
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > phone {
		b.t.Errorf("%s: the page is %d pixels wide on a phone of %d", heading, wide, phone)
	}
	const small = `[...document.querySelectorAll("button, a.button, input:not([type=hidden])")].filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML).join()`
	if got := eval[string](b, small); got != "" {
		b.t.Errorf("%s: lower than 44 pixels: %s", heading, got)
	}
	const unnamed = `[...document.querySelectorAll("input:not([type=hidden])")].filter(e => !e.labels.length ||
		(e.getAttribute("aria-describedby") || "").split(" ").some(id => id && !document.getElementById(id))).length`
	if n := eval[int](b, unnamed); n > 0 {
		b.t.Errorf("%s: %d fields have no label, or one that describes them is missing", heading, n)
	}
}
