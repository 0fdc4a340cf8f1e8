package main

import (
	"fmt"
	"os"
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

func TestInitWritesAUnitOnceAndLeavesTheFilesToTheDirectorysOwner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
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
	if given := slices.Contains(pasted(out), "chown -R tryout:tryout "+data); given == storetest.OnPostgres() {
		t.Errorf("the data are given to the service's user: %v\n%s", given, out)
	}
	if told := strings.Contains(out, "only root can install it"); told == isRoot() {
		t.Errorf("root is asked for: %v\n%s", told, out)
	}
	if !storetest.OnPostgres() && (!strings.Contains(unit, "\nReadWritePaths="+data+"\n") || strings.Contains(unit, "\nEnvironment=TRYOUT_DATA=")) {
		t.Errorf("the unit hides the data in %s, or names others:\n%s", data, unit)
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
	cmd.Args = append(cmd.Args, "--vendor-name", "Renamed", "--skill-name", "Renamed too")
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"bob@owner.test: created", `init renames nothing, so --vendor-name "Renamed" has no effect`, `init renames nothing, so --skill-name "Renamed too" has no effect`, "ann@owner.test stays one. To end that: tryout user "} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%v; %q is not in\n%s", err, want, out)
		}
	}
	if got, want := p.read("env"), strings.Replace(before, "beta.example.com", "other.example.com", 1)+"TRYOUT_CAP=9\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	cmd = p.command("init", "--config", "tryout.toml")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "not .toml") {
		t.Errorf("got %v\n%s", cmd.ProcessState, out)
	}
}

// The secret of a client stands nowhere but in its script.
func TestInitLeavesTheScriptOfAnotherClientAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const other = "#!/bin/sh\nASK_LWA_CLIENT_ID=amzn1.application-oa2-client.other\nASK_LWA_CLIENT_CONFIRMATION=theirs\n"
	p.write("ask-cli.sh", other)
	out, _ := p.init(exitOK, append([]string{"--skip-test-mail"}, p.flags...)...)
	if got := p.read("ask-cli.sh"); got != other || !strings.Contains(out, "has the secret of another client") || !strings.Contains(out, "Its secret, shown this once: ") {
		t.Errorf("the script is\n%s\nand init says\n%s", got, out)
	}
}
