package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// sdk is a Node.js process that holds one client of the SMAPI SDK. Methods are
// named as the SDK names them; those with `call` in front of the operation also
// return the status.
type sdk struct {
	calls    *json.Encoder
	outcomes *json.Decoder
}

// sdkOutcome is how one call ended.
type sdkOutcome struct {
	StatusCode int             `json:"statusCode"`
	Location   string          `json:"location"`
	Body       json.RawMessage `json:"body"`
	Error      string          `json:"error"` // what was thrown, if anything was
}

func (o sdkOutcome) String() string {
	return fmt.Sprintf("status %d, location %q, body %s, error %q", o.StatusCode, o.Location, o.Body, o.Error)
}

// startSDK returns a client, which ends with the test. Its secrets are an access
// token, or a client's id and secret and a refresh token.
func startSDK(t *testing.T, s *server, secrets ...string) *sdk {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"sdk.mjs", s.url}, secrets...)...)
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
	t.Cleanup(func() {
		_ = cmd.Wait() // the end of the test has killed it
		if t.Failed() && stderr.Len() > 0 {
			t.Logf("sdk.mjs: %s", &stderr)
		}
	})
	return &sdk{calls: json.NewEncoder(stdin), outcomes: json.NewDecoder(stdout)}
}

func (c *sdk) call(t *testing.T, method string, args ...any) sdkOutcome {
	t.Helper()
	if err := c.calls.Encode(append([]any{method}, args...)); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	var got sdkOutcome
	if err := c.outcomes.Decode(&got); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return got
}

// must makes a call that answers without a body.
func (c *sdk) must(t *testing.T, status int, location, method string, args ...any) {
	t.Helper()
	got := c.call(t, method, args...)
	if got.Error != "" || got.StatusCode != status || got.Location != location || got.Body != nil {
		t.Fatalf("%s: got %v, want status %d and location %q", method, got, status, location)
	}
}

// read makes a call that answers with an object.
func (c *sdk) read(t *testing.T, into any, method string, args ...any) {
	t.Helper()
	got := c.call(t, method, args...)
	if got.Error != "" || got.StatusCode != 200 {
		t.Fatalf("%s: got %v, want status 200", method, got)
	}
	unmarshal(t, got.Body, into)
}

// refused makes a call that the SDK throws at, with the status and the body.
func (c *sdk) refused(t *testing.T, status int, code, method string, args ...any) {
	t.Helper()
	got := c.call(t, method, args...)
	if !strings.HasPrefix(got.Error, "ServiceError: ") || got.StatusCode != status {
		t.Fatalf("%s: got %v, want it to throw status %d", method, got, status)
	}
	var e apiError
	unmarshal(t, got.Body, &e)
	if e.Code != code || e.Message == "" {
		t.Errorf("%s: got %+v, want code %s and a message", method, e, code)
	}
}
