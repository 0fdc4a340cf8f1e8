package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/signin"
	"tryout/internal/web"
)

const voucherName = `<b>Studio</b> "Ü"`

func TestTheWayToAVoucherStaysTextAndKeepsItsAddress(t *testing.T) {
	t.Parallel()
	pages := web.New(nil, beta.Links{})
	w := httptest.NewRecorder()
	const address = "https://issuer.example/auth?a=b&state=x"
	if err := pages.Sent(w, nil, signin.SentPage{Name: voucherName, Address: address}); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	if w.Header().Get("Refresh") != "0; url="+address || w.Header().Get("Referrer-Policy") != "no-referrer" || w.Code != http.StatusOK {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if strings.Contains(body, "<b>Studio") || !strings.Contains(body, `href="https://issuer.example/auth?a=b&amp;state=x"`) {
		t.Errorf("the page is %s", body)
	}
}

func TestAPageThatOffersAVoucherFitsAPhone(t *testing.T) {
	t.Parallel()
	pages := web.New(nil, beta.Links{})
	b := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sign-in" {
			pages.ServeHTTP(w, r)
			return
		}
		if err := pages.SignIn(w, r, signin.AddressPage{Back: "/sign-in", Voucher: strings.Repeat(voucherName, 5)}); err != nil {
			t.Error(err)
		}
	}))
	b.visit("/sign-in")
	b.looks("Sign in")
	if got := eval[string](b, `[...document.querySelectorAll("button")].at(-1).innerText`); got != "Sign in with "+strings.Repeat(voucherName, 5) {
		t.Errorf("the button says %q", got)
	}
	b.wantQuiet()
}
