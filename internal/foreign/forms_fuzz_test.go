package foreign_test

import (
	"net/url"
	"strings"
	"testing"

	"tryout/internal/foreign"
)

func FuzzNoMadeUpTokenIsGood(f *testing.F) {
	for _, token := range []string{"", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "Atza|" + strings.Repeat("x", 200)} {
		f.Add(token, "EdDSA", "at+jwt", "one")
	}
	f.Fuzz(func(t *testing.T, text, alg, kind, kid string) {
		s := newSite(t, "owner:V1:groups=beta", "owner:V1:user_id=x")
		s.amazon.says("/auth/o2/tokeninfo", 400, `{"error":"invalid_token"}`)
		ours := encode(t, object{"alg": alg, "typ": kind, "kid": kid}) + "." + encode(t, s.said(nil)) + "."
		for _, token := range []string{text, ours + text, ours + b64([]byte(text))} {
			if got := s.outcome(token); got != "401" {
				t.Errorf("%q: got %s, want 401", token, got)
			}
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{"owner:V1:sub=x", "viewer:a%3Ab:https://x/roles=y=z", "editor:V1:email=ann@example.com", "owner::=", "%:%:%=%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := foreign.ParseRule(text)
		if err != nil {
			return
		}
		again, err := foreign.ParseRule(string(r.Part) + ":" + url.PathEscape(strings.ReplaceAll(string(r.Vendor), ":", "\x00")) + ":" + r.Claim + "=" + url.PathEscape(r.Value))
		if strings.ReplaceAll(string(r.Vendor), ":", "\x00") != string(again.Vendor) || again.Claim != r.Claim || again.Value != r.Value || err != nil {
			t.Errorf("%q is %+v, and written anew %+v, %v", text, r, again, err)
		}
	})
}
