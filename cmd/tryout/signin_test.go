package main

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/lwa"
	"tryout/internal/storetest"
)

func TestTheProgramAnswersWhereLoginWithAmazonWould(t *testing.T) {
	t.Parallel()
	s := newSite(t, openInbox(t).Addr().String())
	machine := s.operate("client", "create", "--vendor", "V1", "--name", "Nightly")
	p := s.serve("--access-life", "90s")
	got := p.ownTokens(machine["client_id"].(string), machine["client_secret"].(string))
	if got["expires_in"] != 90.0 || !strings.HasPrefix(got["refresh_token"].(string), "Atzr|") {
		t.Errorf("the machine got %v, want tokens for 90 seconds", got)
	}
	resp, _ := p.get(p.request(got["access_token"].(string), "GET", "/v1/vendors", ""))
	if resp.StatusCode != 200 {
		t.Errorf("the machine's token gets %d, want 200", resp.StatusCode)
	}
	p.beside("client", "revoke", machine["client_id"].(string))
	resp, _ = p.get(p.request(got["access_token"].(string), "GET", "/v1/vendors", ""))
	if resp.StatusCode != 401 {
		t.Errorf("after its client was revoked the token gets %d, want 401", resp.StatusCode)
	}
	resp, body := p.ask("GET", "/.well-known/oauth-authorization-server", "")
	if resp.StatusCode != 200 || !strings.Contains(body, `"token_endpoint":"`+p.url+`/auth/o2/token"`) {
		t.Errorf("the description: %d %s", resp.StatusCode, body)
	}
}

// ownTokens asks for tokens of a client for itself.
func (p *server) ownTokens(id, secret string) map[string]any {
	p.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	req, err := http.NewRequestWithContext(p.t.Context(), "POST", p.url+"/auth/O2/token", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body := p.get(req)
	return p.object([]byte(body))
}

func TestAskCLIsOwnClientAsksOnlyWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, openInbox(t).Addr().String())
	query := url.Values{
		"response_type": {"code"}, "client_id": {"amzn1.application-oa2-client.aad322b5faab44b980c8f87f94fbac56"},
		"redirect_uri": {"http://127.0.0.1:9090/cb"}, "state": {"x"}, "scope": {lwa.ScopeWrite},
	}.Encode()
	for _, c := range []struct {
		flags  []string
		status int
		says   string
	}{
		{nil, 400, "is not known to this server"},
		{[]string{"--allow-ask-cli"}, 200, "Send the code"},
		{nil, 400, "is not let in any more"},
	} {
		p := s.serve(c.flags...)
		resp, body := p.ask("GET", "/ap/oa?"+query, "")
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%v: got %d %s, want %d and %q", c.flags, resp.StatusCode, body, c.status, c.says)
		}
		p.stop()
	}
}

func TestAServerForgetsTokensThatEndedLongAgo(t *testing.T) {
	t.Parallel()
	s := newSite(t, openInbox(t).Addr().String())
	beside, err := s.home.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := lwa.Token{Vendor: "V1", Scope: "an old one", ExpiresAt: time.Now().Add(-25 * time.Hour)}
	if err := beside.SaveToken(t.Context(), lwa.Digest(sha256.Sum256(nil)), old); err != nil {
		t.Fatal(err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}
	s.serve()
	until(t, "an old token forgotten", func() bool { return !strings.Contains(storetest.Dump(t, s.database), "|an old one|") })
	if !strings.Contains(storetest.Dump(t, s.database), "|"+lwa.ScopeWrite+"|") {
		t.Error("a good token was forgotten, too")
	}
}
