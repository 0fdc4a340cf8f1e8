package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
)

func TestSDKRefreshesItsTokenThroughAnExpiry(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--access-life", "3s")
	vendor := s.createVendor(t, "Studio")
	skill := s.createSkill(t, vendor, "Space Facts")
	made := s.operate(t, "client", "create", "--vendor", vendor, "--name", "Nightly")
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	client := startSDK(t, s, id, secret, s.refreshToken(t, id, secret))

	client.must(t, 201, locationOf(skill), "callCreateBetaTestV1", skill)
	var first, second string
	client.read(t, &first, "accessToken")
	s.awaitExpiry(t, first)
	client.must(t, 202, locationOf(skill), "callStartBetaTestV1", skill)
	client.read(t, &second, "accessToken")
	if second == first {
		t.Error("the SDK did not refresh its token")
	}

	s.operate(t, "client", "revoke", id)
	if got := client.call(t, "callGetBetaTestV1", skill); got.Error == "" {
		t.Errorf("after the client was revoked: got %v, want it refused", got)
	}
}

func TestAskCLIActsWithARefreshToken(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	made := s.operate(t, "client", "create", "--vendor", vendor, "--name", "Nightly")
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	cli := newAsk(t, s, vendor, "")
	cli.more = []string{
		"ASK_LWA_CLIENT_ID=" + id, "ASK_LWA_CLIENT_CONFIRMATION=" + secret, "ASK_REFRESH_TOKEN=" + s.refreshToken(t, id, secret),
	}
	var vendors vendorList
	cli.read(t, &vendors, "get-vendor-list")
	if len(vendors.Vendors) != 1 || vendors.Vendors[0].ID != vendor {
		t.Errorf("vendors: got %+v", vendors)
	}
}

// refreshToken asks the token endpoint for tokens of a client for itself.
func (s *server) refreshToken(t *testing.T, id, secret string) string {
	t.Helper()
	resp, err := http.PostForm(s.url+"/auth/o2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.RefreshToken == "" {
		t.Fatalf("no refresh token: %d, %v", resp.StatusCode, err)
	}
	return got.RefreshToken
}

// awaitExpiry returns once a token is refused.
func (s *server) awaitExpiry(t *testing.T, token string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/vendors", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusUnauthorized {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("after %v a short-lived token still gets %d", patience, resp.StatusCode)
		}
	}
}
