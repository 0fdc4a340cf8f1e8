package e2e_test

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const askProgram = "node_modules/.bin/ask"

// ask is ask-cli as one developer has set it up: by its environment profile, so
// that it needs no sign-in, or with the profile that `ask configure` wrote.
type ask struct {
	server  *server
	vendor  string
	token   string
	home    string
	program string   // empty means the one that make e2e-deps installs
	more    []string // of the environment
	bare    bool     // without the environment profile: what `ask configure` wrote counts
}

// newAsk returns a CLI with a home folder of its own.
func newAsk(t *testing.T, s *server, vendor, token string) ask {
	t.Helper()
	return ask{server: s, vendor: vendor, token: token, home: t.TempDir()}
}

// outcome is how one run of the CLI ended.
type outcome struct {
	stdout, stderr string
	code           int
}

// run runs `ask smapi` with the arguments.
func (a ask) run(t *testing.T, args ...string) outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), a.path(t), append([]string{"smapi"}, args...)...)
	cmd.Env = a.environment()
	cmd.Dir = a.home
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func (a ask) path(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(cmp.Or(a.program, askProgram))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// environment is all that the CLI sees of the world. In its environment profile
// it reports its use to Amazon whatever ASK_SHARE_USAGE says, so everything but
// the loopback goes to a proxy that is not there.
func (a ask) environment() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + a.home,
		"ASK_SMAPI_SERVER_BASE_URL=" + a.server.url,
		"ASK_LWA_TOKEN_HOST=" + a.server.url,
		"ASK_LWA_AUTHORIZE_HOST=" + a.server.url,
		"ASK_SHARE_USAGE=false",
		"ASK_SKIP_NEW_VERSION_REMINDER=true",
		"HTTPS_PROXY=http://127.0.0.1:9",
		"NO_PROXY=127.0.0.1,localhost",
	}
	if !a.bare {
		env = append(env,
			"ASK_ACCESS_TOKEN="+a.token,
			"ASK_VENDOR_ID="+a.vendor,
			"AWS_ACCESS_KEY_ID=unused", // the environment profile is on only if both are set
			"AWS_SECRET_ACCESS_KEY=unused",
		)
	}
	return append(env, a.more...)
}

// must runs a command that answers without a body, and returns what the CLI
// says besides.
func (a ask) must(t *testing.T, args ...string) (notes string) {
	t.Helper()
	got := a.run(t, args...)
	if got.code != 0 || strings.TrimSpace(got.stdout) != "Command executed successfully!" {
		t.Fatalf("ask smapi %s: exit code %d, stdout %q, stderr %q", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	return got.stderr
}

// read runs a command that answers with an object.
func (a ask) read(t *testing.T, into any, args ...string) {
	t.Helper()
	got := a.run(t, args...)
	if got.code != 0 {
		t.Fatalf("ask smapi %s: exit code %d, stdout %q, stderr %q", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	unmarshal(t, []byte(got.stdout), into)
}

var (
	statusPattern  = regexp.MustCompile(`Request failed with status code (\d+)`)
	requestPattern = regexp.MustCompile(`(?m)^request-id: \S+$`)
	bodyPattern    = regexp.MustCompile(`(?m)^Response body: (.*)$`)
)

// refused runs a command that the server refuses with the status. The CLI tells
// its user only that; the rest of the answer is read from its --debug output.
func (a ask) refused(t *testing.T, status int, args ...string) apiError {
	t.Helper()
	got := a.run(t, append(args, "--debug")...)
	if got.code != 1 {
		t.Fatalf("ask smapi %s: exit code %d, want 1; stdout %q, stderr %q", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	if m := statusPattern.FindStringSubmatch(got.stderr); m == nil || m[1] != strconv.Itoa(status) {
		t.Errorf("ask smapi %s: want status %d; stderr %q", strings.Join(args, " "), status, got.stderr)
	}
	if !requestPattern.MatchString(got.stderr) {
		t.Errorf("ask smapi %s: no request id; stderr %q", strings.Join(args, " "), got.stderr)
	}
	bodies := bodyPattern.FindAllStringSubmatch(got.stderr, -1) // one more where it refreshed its token before
	if bodies == nil {
		t.Fatalf("ask smapi %s: no body; stderr %q", strings.Join(args, " "), got.stderr)
	}
	var e apiError
	unmarshal(t, []byte(bodies[len(bodies)-1][1]), &e)
	return e
}
