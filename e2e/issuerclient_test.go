package e2e_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issuer is oidc-provider, a real issuer of OpenID Connect, on this machine.
type issuer struct {
	url   string
	port  string
	keys  string // its file
	back  string
	stdin io.Closer
	ended chan error
}

const audience = "https://beta.example"

// newIssuer starts one that sends people back to a server on an address.
func newIssuer(t *testing.T, server string) *issuer {
	t.Helper()
	needClients(t)
	addr := freeAddress(t)
	i := &issuer{
		url: "http://" + addr, port: addr[strings.LastIndex(addr, ":")+1:], keys: filepath.Join(t.TempDir(), "keys"),
		back: "http://" + server + "/sign-in/return",
	}
	i.start(t)
	return i
}

// start returns once the issuer listens. It ends with the test.
func (i *issuer) start(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "issuer.mjs", i.port, i.keys, i.back)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "listening\n" {
		_ = cmd.Wait()
		t.Fatalf("issuer.mjs says %q:\n%s", line, &stderr)
	}
	ended := make(chan error, 1)
	i.stdin, i.ended = stdin, ended
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("issuer.mjs: %s", &stderr)
		}
	})
}

func (i *issuer) stop(t *testing.T) {
	t.Helper()
	_ = i.stdin.Close()
	select {
	case err := <-i.ended:
		if err != nil {
			t.Fatalf("issuer.mjs, told to stop: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("issuer.mjs does not stop")
	}
}

// rotate has the issuer begin anew with another key.
func (i *issuer) rotate(t *testing.T) {
	t.Helper()
	i.stop(t)
	if err := os.Remove(i.keys); err != nil {
		t.Fatal(err)
	}
	i.start(t)
}

// token is an access token of a program of the issuer's, for an audience.
func (i *issuer) token(t *testing.T, client, audience string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.url+"/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "resource": {audience}, "scope": {"beta"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(client), url.QueryEscape("the secret of "+client))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || strings.Count(got.Token, ".") != 2 {
		t.Fatalf("the issuer gives no JWT: %d, %v, %q", resp.StatusCode, err, got.Token)
	}
	return got.Token
}

// edited is a token of which one part says something else.
func edited(t *testing.T, token string, part int, changes map[string]any) string {
	t.Helper()
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		said[name] = value
	}
	if text, err = json.Marshal(said); err != nil {
		t.Fatal(err)
	}
	parts[part] = base64.RawURLEncoding.EncodeToString(text)
	return strings.Join(parts, ".")
}

// status is what the server answers to a token that asks for something.
func (s *server) status(t *testing.T, token, method, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if (resp.Header.Get("Retry-After") != "") != (resp.StatusCode == http.StatusServiceUnavailable) {
		t.Errorf("%s %s: %d with Retry-After %q", method, path, resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	return resp.StatusCode
}
