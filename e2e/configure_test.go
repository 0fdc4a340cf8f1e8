package e2e_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tryout/internal/termtest"
)

// A developer's way in: `ask configure` opens their browser, where they sign in
// with a code from their mail and allow it; what ask-cli writes down then works
// by itself, also once its token has expired.
func TestAskConfigureSignsADeveloperIn(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--access-life", "3s")
	vendor := s.createVendor(t, "Studio")
	skill := s.createSkill(t, vendor, "Space Facts")
	s.operate(t, "user", "create", "--email", "dev@studio.test")
	s.operate(t, "user", "grant", "dev@studio.test", "--vendor", vendor, "--role", "owner")
	made := s.operate(t, "client", "create", "--vendor", vendor, "--name", "ask-cli", "--ask-cli")
	cli := configuredAsk(t, s, made["client_id"].(string), made["client_secret"].(string))

	cli.configure(t, " configure", "dev@studio.test")
	first := cli.profile(t, "default")
	if first.VendorID != vendor {
		t.Errorf("the profile has the vendor %q, want %q", first.VendorID, vendor)
	}
	s.awaitExpiry(t, first.Token.AccessToken)
	cli.must(t, "create-beta-test", "-s", skill)
	second := cli.profile(t, "default")
	if second.Token.AccessToken == first.Token.AccessToken || second.Token.RefreshToken != first.Token.RefreshToken {
		t.Errorf("after an expiry the profile holds %+v, before %+v: want another access token alone", second.Token, first.Token)
	}

	// What follows is about roles: a token of seconds could end between the
	// moment ask-cli looks at its date and the moment it is used.
	s.awaitExpiry(t, second.Token.AccessToken)
	s.restart(t)
	s.operate(t, "user", "grant", "dev@studio.test", "--vendor", vendor, "--role", "editor")
	cli.must(t, "add-testers-to-beta-test", "-s", skill, "--testers-emails", "ana@tester.test")
	cli.refused(t, 403, "start-beta-test", "-s", skill)
	s.operate(t, "user", "grant", "dev@studio.test", "--vendor", vendor, "--role", "viewer")
	cli.refused(t, 403, "remove-testers-from-beta-test", "-s", skill, "--testers-emails", "ana@tester.test")
	var test betaTest
	cli.read(t, &test, "get-beta-test", "-s", skill)
	if test.Status != "IN_DRAFT" {
		t.Errorf("a viewer reads %+v", test)
	}
	s.operate(t, "user", "remove", "dev@studio.test")
	if got := cli.run(t, "get-beta-test", "-s", skill); got.code == 0 {
		t.Errorf("after the person was removed: got %q", got.stdout)
	}
}

// configuredAsk returns a CLI that has no profile yet, and a client to ask with.
func configuredAsk(t *testing.T, s *server, id, secret string) ask {
	t.Helper()
	cli := newAsk(t, s, "", "")
	cli.bare = true
	cli.more = []string{"ASK_LWA_CLIENT_ID=" + id, "ASK_LWA_CLIENT_CONFIRMATION=" + secret}
	return cli
}

// askPort is where ask-cli waits for the browser, one at a time.
var askPort sync.Mutex

// configure signs in as a person does; arguments have `ask configure` run.
func (a ask) configure(t *testing.T, arguments, address string) {
	t.Helper()
	askPort.Lock()
	defer askPort.Unlock()
	awaitPort(t, "127.0.0.1:9090")
	opened, script := fakeBrowser(t, a.home)
	b := openBrowser(t)
	term := termtest.Start(t, "'"+a.path(t)+"'"+arguments, a.home, append(a.environment(), "BROWSER="+script))
	b.visit(a.server.await(t, opened))
	a.server.signIn(t, b, address)
	b.press("Allow")
	if text := b.text(); !strings.Contains(text, "Sign in was successful") {
		t.Fatalf("after Allow the browser shows:\n%s", text)
	}
	term.Answer("Do you confirm that you used the browser", "y")
	term.Answer("AWS", "n")
	term.Await("Vendor ID: ")
	term.End()
}

var codePattern = regexp.MustCompile(`\b(\d{4} \d{4})\b`)

// signIn signs in on the page that the browser shows.
func (s *server) signIn(t *testing.T, b browser, address string) {
	t.Helper()
	b.fill("email", address)
	b.press("Send the code")
	m := s.relay.await(t, address, 1)
	code := codePattern.FindString(m.text)
	if code == "" {
		t.Fatalf("no code in the message %q:\n%s", m.subject, m.text)
	}
	b.fill("code", code)
	b.press("Sign in")
}

// fakeBrowser returns a program that passes on the address it is to open.
func fakeBrowser(t *testing.T, dir string) (opened <-chan string, program string) {
	t.Helper()
	pipe, program := filepath.Join(dir, "opened"), filepath.Join(dir, "browser")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/sh\nprintf %s \"$1\" >'" + pipe + "'\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	addresses := make(chan string, 1)
	go func() {
		address, err := os.ReadFile(pipe) // waits for somebody to write
		if err == nil {
			addresses <- string(address)
		}
	}()
	t.Cleanup(func() { // which lets a reader go that nobody wrote to
		if w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = w.Close()
		}
	})
	return addresses, program
}

// await returns the address that a browser was to open, which must be ours.
func (s *server) await(t *testing.T, opened <-chan string) string {
	t.Helper()
	select {
	case address := <-opened:
		if !strings.HasPrefix(address, s.url+"/ap/oa?") {
			t.Fatalf("ask-cli opens %q, want a page of %s", address, s.url)
		}
		return address
	case <-time.After(patience):
		t.Fatalf("ask-cli opened no browser within %v", patience)
		return ""
	}
}

// awaitPort returns once nobody listens there: ask-cli takes that port and no
// other, so a run of these tests beside this one is waited for.
func awaitPort(t *testing.T, addr string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			_ = l.Close()
			return
		}
		if time.Since(begun) > 3*patience {
			t.Fatalf("somebody holds %s, where ask-cli waits for the browser: %v", addr, err)
		}
	}
}

// askProfile is what `ask configure` writes down.
type askProfile struct {
	Token struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	} `json:"token"`
	VendorID string `json:"vendor_id"`
}

func (a ask) profile(t *testing.T, name string) askProfile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.home, ".ask", "cli_config"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Profiles map[string]askProfile `json:"profiles"`
	}
	if err := json.Unmarshal(text, &file); err != nil || file.Profiles[name].Token.RefreshToken == "" {
		t.Fatalf("no profile in %s: %v", text, err)
	}
	return file.Profiles[name]
}
