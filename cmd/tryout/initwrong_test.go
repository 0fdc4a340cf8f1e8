package main

import (
	"os"
	"strings"
	"testing"
)

func TestWithoutATerminalInitNamesAllThatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, errs := p.init(exitUsage, "--listen", "here", "--relay-password-file", "none")
	for _, flag := range []string{"public-url", "vendor-name", "skill-name", "owner", "relay", "mail-from"} {
		if !strings.Contains(errs, "--"+flag+": is missing: ") {
			t.Errorf("--%s is not named in\n%s", flag, errs)
		}
	}
	_, errs = p.init(exitUsage, "--public-url", "beta.example.com", "--vendor-name", "a\nb", "--skill-name", " ", "--skill", "..", "--owner", "ann", "--relay", "mail.example.com",
		"--relay-tls", "ssl", "--mail-from", "nobody", "--listen", "here", "--data", "env/data", "--relay-user", "me")
	for _, flag := range []string{"public-url", "vendor-name", "skill-name", "skill", "owner", "relay", "relay-tls", "relay-password", "mail-from", "listen"} {
		if !strings.Contains(errs, "--"+flag+": ") {
			t.Errorf("--%s is not named in\n%s", flag, errs)
		}
	}
	_, errs = p.init(exitUsage, append(p.flags, "--data", "/dev/null/data", "--database", "", "--relay-password-file", "none")...)
	if !strings.Contains(errs, "--data: ") || !strings.Contains(errs, "--relay-password-file: ") {
		t.Errorf("got\n%s", errs)
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
}

func TestMistakesInTheFileAreToldByLineAndAllAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	text := "TRYOUT_CAP=none\nTRYOUT_CAPP=7\n\nTRYOUT_RATE='5\nexport X=1\nTRYOUT_SMTP=smtp://relay.example\nTRYOUT_MAIL_FROM=nobody\nTRYOUT_CAP=8\n"
	p.write("env", text)
	for _, command := range []string{"serve", "init"} {
		cmd := p.command(command, "--config", "env")
		said, _ := cmd.CombinedOutput() // the code tells
		want := []string{
			"env:1: --cap: must be a whole number", `env:2: there is no setting called "TRYOUT_CAPP"`, "env:4: TRYOUT_RATE: what has quotes", "env:5: must be NAME=value",
			"env:8: TRYOUT_CAP is set in line 1 already", `env:7: --mail-from: "nobody": must be an address or "Name <address>"`,
		}
		for _, line := range want {
			if !strings.Contains(string(said), line) {
				t.Errorf("%s: %q is not in\n%s", command, line, said)
			}
		}
		if code := cmd.ProcessState.ExitCode(); code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", command, code, exitUsage)
		}
	}
	if p.read("env") != text {
		t.Error("init has changed a file with mistakes")
	}
}

// The service sees nothing of a home, and as another user it could not.
func TestInitWritesNoUnitThatWouldNotSeeItsData(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, dir := range []string{"/home/ann/data", "/root/data"} {
		_, errs := p.init(exitUsage, append(p.flags, "--systemd", "--database", "", "--data", dir)...)
		if !strings.Contains(errs, "--data: "+dir+" is in a home") {
			t.Errorf("%s: got\n%s", dir, errs)
		}
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
}

func TestARelayThatDoesNotTakeOurMailIsKeptOnlyIfSomebodyWantsIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, c := range []struct{ flag, value, said string }{
		{"--mail-from", "stranger@example.com", `answered MAIL FROM with "553 5.7.1 not your address"`},
		{"--relay-user", "other", "bad   relay sign-in"},
		{"--relay", "127.0.0.1:1", "host and port are right (--relay and the settings beside it)"},
	} {
		_, errs := p.init(exitFailure, append(p.flags, c.flag, c.value)...)
		if !strings.Contains(errs, c.said) || !strings.Contains(errs, "--skip-relay-check") {
			t.Errorf("%s %s: got\n%s", c.flag, c.value, errs)
		}
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
	out, errs := p.init(exitFailure, append(p.flags, "--relay", "127.0.0.1:1", "--skip-relay-check")...)
	if !strings.Contains(errs, "all else is done") || !strings.Contains(out, "Next:") || !strings.Contains(p.read("env"), "@127.0.0.1:1") {
		t.Errorf("kept all the same: got\n%s%s", out, errs)
	}
	for want, flags := range map[string][]string{"line 4 of " + p.env: nil, "--smtp or TRYOUT_SMTP": {"--smtp", "smtp://127.0.0.1:1"}} {
		if _, errs := p.init(exitFailure, flags...); !strings.Contains(errs, "host and port are right ("+want+"), that") {
			t.Errorf("%q: got\n%s\nwant %q in it", flags, errs, want)
		}
	}
	out, _ = p.init(exitOK, p.flags...)
	if !strings.Contains(out, "wrote TRYOUT_SMTP\n") || !strings.Contains(out, "took the message") {
		t.Errorf("and set right: got\n%s", out)
	}
}
