package beta_test

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tryout/internal/beta"
)

// seeds are addresses of all sorts, good and bad.
func seeds() []string {
	return []string{
		"", "a@x.test", " a@x.test ", "A+b@X.TEST", "a@b@x.test", "\"a b\"@x.test", "A <a@x.test>", "a@[127.0.0.1]",
		"a@x.test\r\nBcc: v@x.test", "d@xn--bcher-kva.test", "d@b\u00fccher.test", "a@xn--\u00e9.test", "a@\xff.test",
		"a\uff20x.test", "a@x\u3002test", "a@x\u00ad.test", "a@x\u200b.test", "a@x\u200d.test", "a@x.123", "a@x.test.",
		"a@\u05d0.test", "a@stra\u00dfe.test", "a@-x.test", "a@xn--a.test", "a@xn--.test", "{{.}}@x.test", "a@x..test",
		strings.Repeat("a", 64) + "@x.test", "a@\u0130.test", "\u212a@x.test", "a@\u212a.test", "a@x.test\x00",
		"a@0\u2137.test",
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := beta.ParseEmail(s)
		if err != nil {
			if _, is := err.(beta.Violation); !is || e != (beta.Email{}) {
				t.Errorf("%q: got %+v and %#v, want a violation alone", s, e, err)
			}
			return
		}
		wantSound(t, e)
		if again, err := beta.ParseEmail(e.Given); again != e || err != nil {
			t.Errorf("%q: parsed again: got %+v, %v, want %+v", s, again, err, e)
		}
		if byKey, err := beta.ParseEmail(e.Key); byKey.Key != e.Key || err != nil {
			t.Errorf("%q: its key parsed: got %+v, %v, want the key %q", s, byKey, err, e.Key)
		}
		if upper, err := beta.ParseEmail(strings.ToUpper(e.Address())); upper.Key != e.Key || err != nil {
			t.Errorf("%q: in upper case: got %+v, %v, want the key %q", s, upper, err, e.Key)
		}
	})
}

// wantSound checks what must be true of every address that was taken: it can be
// put into an SMTP command, a header or a page without becoming something else.
func wantSound(t *testing.T, e beta.Email) {
	t.Helper()
	for what, text := range map[string]string{"key": e.Key, "address": e.Address()} {
		odd := strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),:;<>[\\]", r) })
		if odd || len(text) > 254 || strings.Count(text, "@") != 1 {
			t.Errorf("%+v: its %s is %q", e, what, text)
		}
	}
	if e.Key != strings.ToLower(e.Address()) {
		t.Errorf("%+v: address %q and key differ in more than case", e, e.Address())
	}
	if !utf8.ValidString(e.Given) || strings.ContainsFunc(e.Given, isUnprintable) {
		t.Errorf("%+v: given is %q", e, e.Given)
	}
	local, domain, _ := strings.Cut(e.Key, "@")
	if local == "" || len(local) > 64 || !strings.Contains(domain, ".") {
		t.Errorf("%+v: local part %q, domain %q", e, local, domain)
	}
	if want := local[:1] + "•••@" + domain; e.Masked() != want {
		t.Errorf("%+v: masked as %q, want %q", e, e.Masked(), want)
	}
}

func isUnprintable(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

// Where net/mail and we disagree about an address, one of the reasons below
// must hold; a new kind of difference fails.
func TestDifferencesFromNetMailHaveAReason(t *testing.T) {
	t.Parallel()
	for _, s := range seeds() {
		e, err := beta.ParseEmail(s)
		theirs, theirErr := mail.ParseAddress(s)
		switch {
		case err == nil && theirErr != nil:
			if why := onlyOurs(e); why == "" {
				t.Errorf("%q: we take it, net/mail does not: %v", s, theirErr)
			}
		case err != nil && theirErr == nil:
			if why := onlyTheirs(s, theirs); why == "" {
				t.Errorf("%q: net/mail takes it as %v, we do not: %v", s, theirs, err)
			}
		case err == nil && theirs.Address != e.Given:
			t.Errorf("%q: net/mail reads %q, we %q", s, theirs.Address, e.Given)
		}
	}
}

// onlyOurs says why we take what net/mail refuses; empty for no good reason.
func onlyOurs(beta.Email) string { return "" }

// onlyTheirs says why net/mail takes what we refuse; empty for no good reason.
func onlyTheirs(s string, a *mail.Address) string {
	_, domain, _ := strings.Cut(a.Address, "@")
	tail := domain[strings.LastIndexByte(domain, '.')+1:]
	switch {
	case strings.ContainsAny(s, "<(\""):
		return "a display name, a comment or quotes"
	case strings.ContainsAny(s, "[]"):
		return "an address literal"
	case !strings.Contains(domain, "."):
		return "a domain without a dot"
	case strings.Trim(tail, "0123456789") == "":
		return "a top level domain of digits"
	case len(a.Address) > 254 || strings.IndexByte(a.Address, '@') > 64:
		return "too long"
	case !isASCII(s):
		return "not ASCII before the @, or not a domain by IDNA"
	case strings.Contains(domain, "_") || strings.Contains(domain, "xn--") || strings.HasPrefix(domain, "-"):
		return "not a domain by IDNA"
	case strings.TrimSpace(s) != strings.Trim(s, " \t"):
		return "line breaks around it"
	}
	return ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}
