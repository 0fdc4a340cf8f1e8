package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tryout/internal/storetest"
)

func TestInitRunAgainChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first, _ := p.init(exitOK, p.flags...)
	env, script, rows := p.read("env"), p.read("ask-cli.sh"), storetest.Dump(t, p.database)
	secret := matched(t, first, `Its secret, shown this once: (\S+)`)
	for _, again := range [][]string{{"--skip-test-mail"}, append([]string{"--skip-test-mail"}, p.flags...)} {
		out, _ := p.init(exitOK, again...)
		if got := p.read("env"); got != env {
			t.Errorf("%q: the settings were\n%sand are\n%s", again, env, got)
		}
		if got := p.read("ask-cli.sh"); got != script {
			t.Errorf("%q: the script was\n%sand is\n%s", again, script, got)
		}
		if got := storetest.Dump(t, p.database); got != rows {
			t.Errorf("%q: the rows were\n%s\nand are\n%s", again, rows, got)
		}
		if n := strings.Count(out, ": unchanged"); n != 7 || strings.Contains(out, secret) || !strings.Contains(out, "tryout client rotate amzn1.application-oa2-client.") {
			t.Errorf("%q: it says %d times unchanged, want 7, no secret, and how to have another:\n%s", again, n, out)
		}
	}
	if sent := p.relay.seen(); len(sent) != 1 || !strings.HasPrefix(sent[0], "ann@owner.test\n") || !strings.Contains(sent[0], "From: \"Example, 'Games'\" <beta@example.com>") {
		t.Errorf("sent %q, want one message to the owner", sent)
	}
	for name, want := range map[string]os.FileMode{"env": 0o600, "ask-cli.sh": 0o700} {
		if info, err := os.Stat(filepath.Join(p.dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want mode %o", name, info.Mode(), err, want)
		}
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 3 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// matched is what an expression's group matches.
func matched(t *testing.T, text, expression string) string {
	t.Helper()
	match := regexp.MustCompile(expression).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("%s matches nothing in\n%s", expression, text)
	}
	return match[1]
}

func TestInitChangesTheLineThatIsAskedAndNoOther(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.init(exitOK, append([]string{"--skip-test-mail"}, p.flags...)...)
	before := "# mine\r\n\n  TRYOUT_CAP = 7\n" + p.read("env") + "GOGC=100\n; the end"
	before = strings.Replace(before, "  TRYOUT_CAP = 7", "TRYOUT_CAP='7'   ", 1)
	p.write("env", before)
	if err := os.Chmod(p.env, 0o640); err != nil {
		t.Fatal(err)
	}
	p.init(exitOK, "--skip-test-mail", "--public-url", "https://other.example.com", "--log-format", "json")
	want := strings.Replace(before, "https://beta.example.com", "https://other.example.com", 1) + "\nTRYOUT_LOG_FORMAT=json\n"
	if got := p.read("env"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if info, err := os.Stat(p.env); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got %v, %v, want the mode that its owner chose", info.Mode(), err)
	}
	if script := p.read("ask-cli.sh"); !strings.Contains(script, "\nASK_SMAPI_SERVER_BASE_URL=https://other.example.com\n") || secretInScript.FindStringSubmatch(script)[1] == "" {
		t.Errorf("the script does not follow, or has lost its secret:\n%s", script)
	}
	rows := storetest.Dump(t, p.database)
	out, _ := p.init(exitOK, "--skip-test-mail", "--owner", "bob@owner.test")
	if p.read("env") != want || !strings.Contains(out, "bob@owner.test: created") || storetest.Dump(t, p.database) == rows {
		t.Errorf("another owner: %s", out)
	}
	people := storetest.Rows(t, p.database, "select p.email, r.part from people p join roles r on r.person_id = p.id order by 1")
	if fmt.Sprint(people) != "[[ann@owner.test owner] [bob@owner.test owner]]" {
		t.Errorf("got %v, want two owners", people)
	}
}

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
			"env:8: TRYOUT_CAP is set in line 1 already", "env:7: --mail-from: must be who our mail is from",
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

func TestARelayThatDoesNotTakeOurMailIsKeptOnlyIfSomebodyWantsIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, c := range []struct{ flag, value, said string }{
		{"--mail-from", "stranger@example.com", `answered MAIL FROM with "553 5.7.1 not your address"`},
		{"--relay-user", "other", "bad   relay sign-in"},
		{"--relay", "127.0.0.1:1", "firewall"},
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
	out, _ = p.init(exitOK, p.flags...)
	if !strings.Contains(out, "wrote TRYOUT_SMTP\n") || !strings.Contains(out, "took the message") {
		t.Errorf("and set right: got\n%s", out)
	}
}

func TestInitWritesAUnitOnceAndLeavesTheFilesToTheDirectorysOwner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const nobody = 65534
	data := filepath.Join(p.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if isRoot() {
		if err := os.Chown(data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := p.init(exitOK, append([]string{"--skip-test-mail", "--systemd"}, p.flags...)...)
	unit := p.read("tryout.service")
	if !strings.Contains(unit, "\nEnvironmentFile="+p.env+"\n") || !slices.Contains(pasted(out), "systemctl enable --now "+p.dir+"/tryout.service") {
		t.Errorf("got the unit\n%s\nand\n%s", unit, out)
	}
	p.write("tryout.service", unit+"# mine\n")
	out, _ = p.init(exitOK, "--skip-test-mail", "--systemd")
	if p.read("tryout.service") != unit+"# mine\n" || !strings.Contains(out, "left alone") {
		t.Errorf("a unit that somebody changed: got\n%s", out)
	}
	files, err := os.ReadDir(data)
	for _, file := range files {
		if info, err := file.Info(); err != nil || isRoot() && info.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%s: %v, belongs to another than the directory", file.Name(), err)
		}
	}
	if err != nil || len(files) == 0 && !storetest.OnPostgres() {
		t.Errorf("the data: %v, %v", files, err)
	}
}

func TestInitHeedsTheEnvironmentAndWritesNoTOML(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.init(exitOK, append([]string{"--skip-test-mail"}, p.flags...)...)
	before := p.read("env")
	cmd := p.command("init", "--skip-test-mail")
	cmd.Env = append(cmd.Env, "TRYOUT_CONFIG=env", "TRYOUT_PUBLIC_URL=https://other.example.com", "TRYOUT_CAP=9", "TRYOUT_OWNER=bob@owner.test")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "bob@owner.test: created") {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := p.read("env"), strings.Replace(before, "beta.example.com", "other.example.com", 1)+"TRYOUT_CAP=9\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	cmd = p.command("init", "--config", "tryout.toml")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "not .toml") {
		t.Errorf("got %v\n%s", cmd.ProcessState, out)
	}
}

// What is printed is pasted, with the server run from the file and, as systemd
// would, from the environment in it.
func TestWhatInitPrintsLeadsToAnInvitation(t *testing.T) {
	t.Parallel()
	newcomer(t) // who has curl
	p := newPlace(t)
	out, _ := p.init(exitOK, append([]string{"--listen", freeAddress(t), "--drain-grace", "1ms"}, p.flags...)...)
	lines := pasted(out)
	serve := exec.Command("sh", "-c", "exec "+strings.Fields(lines[0])[0]+" serve --config "+p.env)
	p.during(serve, func() {
		for i, want := range []string{"HTTP/1.1 204 ", "HTTP/1.1 202 "} {
			if answer := p.sh(lines[1], lines[2+i]); !strings.HasPrefix(answer, want) {
				t.Fatalf("%s: got %s, want %s", lines[2+i], answer, want)
			}
		}
		until(t, "the invitation", func() bool { return len(p.relay.seen()) == 2 })
	})
	if sent := p.relay.seen()[1]; !strings.HasPrefix(sent, "ann@owner.test\n") || !strings.Contains(sent, "https://beta.example.com/i/") {
		t.Errorf("got %s, want an invitation", sent)
	}
	again, _ := p.init(exitOK, "--skip-test-mail")
	p.during(exec.Command("sh", "-c", "set -a; . "+p.env+"; exec tryout serve"), func() {
		answer := p.sh(pasted(again)[1], strings.Replace(lines[2], "ann@owner.test", "bob@owner.test", 1))
		if !strings.HasPrefix(answer, "HTTP/1.1 204 ") {
			t.Errorf("with the token of a second run: got %s", answer)
		}
		beside, _ := p.init(exitOK, "--skip-test-mail", "--owner", "eve@owner.test")
		if !strings.Contains(beside, "eve@owner.test: created") {
			t.Errorf("beside a running server: got\n%s", beside)
		}
	})
}

// pasted are the lines that are indented.
func pasted(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line, is := strings.CutPrefix(line, "   "); is {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *newcomersPlace) sh(lines ...string) string {
	p.t.Helper()
	cmd := exec.Command("sh", "-e")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Env, cmd.Dir = p.command().Env, p.dir
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%q: %v", lines, err)
	}
	return string(out)
}

// during runs a server while something is done, and wants it to end well.
func (p *newcomersPlace) during(cmd *exec.Cmd, do func()) {
	p.t.Helper()
	log := newJournal()
	cmd.Env, cmd.Dir, cmd.Stderr = append(p.command().Env, "TRYOUT_LOG_FORMAT=json"), p.dir, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { err := cmd.Wait(); log.close(); done <- err }()
	defer cmd.Process.Kill() // where it has not ended
	log.await(p.t, "listening")
	do()
	cmd.Process.Signal(syscall.SIGTERM)
	if err := <-done; err != nil {
		p.t.Errorf("the server ended with %v\n%s", err, log)
	}
}
