package lwa_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/lwa"
	"tryout/internal/storetest"
)

// Whatever is sent, the answer is one of OAuth2's in JSON, and without the
// secret nobody gets a token.
func FuzzTokenEndpoint(f *testing.F) {
	access := lwa.Access{Store: storetest.Open(f, time.Now), Now: time.Now}
	server, err := lwa.NewServer(lwa.Config{Access: access, Issuer: issuer})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"grant_type":"client_credentials","client_id":"x","client_secret":"y"}`, `{"a":[{"b":null}],"a":1}`, `[]`, "{", "\xff",
		"grant_type=refresh_token&refresh_token=Atzr|x&client_id=a&client_secret=b", "a=1&a=2", "a;b", "%", "=", "",
	} {
		f.Add(isJSON, seed)
		f.Add(isForm, seed)
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/auth/o2/token", strings.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		var e struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Description == "" {
			t.Errorf("%q %q: got %d %s", kind, body, w.Code, w.Body)
		}
		known := []string{"400 invalid_request", "413 invalid_request", "401 invalid_client", "429 temporarily_unavailable"}
		if got := w.Result().Status[:3] + " " + e.Code; !slices.Contains(known, got) {
			t.Errorf("%q %q: got %s, want one of %q", kind, body, got, known)
		}
	})
}
