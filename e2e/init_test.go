package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What `tryout init` writes for the developer is run as it is: it installs
// ask-cli, signs in, and from then on is ask-cli.
func TestTheScriptOfInitInstallsAskCLIAndSignsIn(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	dir := t.TempDir()
	made := s.init(t, dir)
	cli := newAsk(t, s, "", "")
	cli.program, cli.bare = filepath.Join(dir, "ask-cli.sh"), true
	cli.more = []string{"PATH=" + npmInPlace(t) + ":" + os.Getenv("PATH")}

	cli.configure(t, "", "dev@studio.test")
	if vendor := cli.profile(t, "tryout").VendorID; vendor != made["vendor"] {
		t.Errorf("the profile has the vendor %q, want %q", vendor, made["vendor"])
	}
	checkVersions(t, filepath.Join(cli.home, ".tryout", "ask-cli", "package.json"))
	cli.must(t, "add-testers-to-beta-test", "-s", made["skill"], "--testers-emails", "ana@tester.test")
	var list testerList
	cli.read(t, &list, "get-list-of-testers", "-s", made["skill"])
	if got := list.addresses(); len(got) != 1 || got[0] != "ana@tester.test" {
		t.Errorf("the testers are %q", got)
	}
}

// init runs `tryout init` beside the server, on its database, and returns the
// ids that it made.
func (s *server) init(t *testing.T, dir string) map[string]string {
	t.Helper()
	cmd := s.command(
		"init", "--config", filepath.Join(dir, "env"), "--public-url", s.url, "--relay", s.relay.addr, "--mail-from", "beta@tryout.test",
		"--owner", "dev@studio.test", "--vendor-name", "Studio", "--skill-name", "Space Facts", "--skip-test-mail",
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tryout init: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^TRYOUT_(VENDOR|SKILL)=(\S+)$`).FindAllStringSubmatch(string(text), -1) {
		made[strings.ToLower(line[1])] = line[2]
	}
	return made
}

// npmInPlace returns a folder with an npm that installs, without a network, what
// `make e2e-deps` has installed from a registry.
func npmInPlace(t *testing.T) string {
	t.Helper()
	modules, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := "#!/bin/sh\n[ \"$1 $2\" = 'install --prefix' ] && [ -f \"$3/package.json\" ] && ln -s '" + modules + "' \"$3/node_modules\"\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkVersions wants a package.json to ask for what the tests here run with.
func checkVersions(t *testing.T, file string) {
	t.Helper()
	type packages struct{ Dependencies, Overrides map[string]string }
	read := func(file string) (p packages) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &p)
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return p
	}
	got, want := read(file), read("package.json")
	if len(got.Dependencies) != 1 || got.Dependencies["ask-cli"] != want.Dependencies["ask-cli"] {
		t.Errorf("the script installs %v, the tests run with %v", got.Dependencies, want.Dependencies)
	}
	if len(got.Overrides) != len(want.Overrides) || got.Overrides["antlr4ts"] != want.Overrides["antlr4ts"] {
		t.Errorf("the script overrides %v, the tests %v", got.Overrides, want.Overrides)
	}
}
