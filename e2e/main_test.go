// Package e2e_test proves that Amazon's own clients, unmodified, work against
// Tryout: ask-cli and the SMAPI SDK for Node.js, in the versions that
// package.json pins. Each test starts a server of its own with a mail relay
// beside it, seeds it with the operator's commands, and from then on does only
// what a user of those clients, or a tester with a mailbox and a browser, can do.
//
// Beside them stands oidc-provider, a real issuer of OpenID Connect, whose tokens
// and sign-ins the server takes.
//
// The clients need Node.js and the packages that `make e2e-deps` installs.
// Without them the tests are skipped, and under CI=true they fail.
package e2e_test

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// runDir holds what all tests of one run share; it is removed at the end.
var runDir string

func TestMain(m *testing.M) {
	var err error
	if runDir, err = os.MkdirTemp("", "tryout-e2e-"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if err := os.RemoveAll(runDir); err != nil {
		log.Print(err)
	}
	os.Exit(code)
}

// buildTryout builds the server on its first call and returns the path of the
// program.
var buildTryout = sync.OnceValues(func() (string, error) {
	if err := touchSources("../cmd", "../internal"); err != nil {
		return "", err
	}
	program := filepath.Join(runDir, "tryout")
	build := exec.Command("go", "build", "-o", program, "./cmd/tryout")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/tryout: %w\n%s", err, out)
	}
	return program, nil
})

// touchSources looks at every source file. `go test` reuses an earlier result
// unless something changed that the test itself was seen to look at, and what
// the build reads in a process of its own it does not see.
func touchSources(dirs ...string) error {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// needClients ends the test where the clients are not installed: as failed
// under CI, which must not claim what it did not try, as skipped elsewhere.
func needClients(t *testing.T) {
	t.Helper()
	missing := missingClient()
	if missing == nil {
		return
	}
	const remedy = "NOT TESTED: Amazon's clients are not installed (%v); run `make e2e-deps`"
	if os.Getenv("CI") == "true" {
		t.Fatalf(remedy, missing)
	}
	t.Skipf(remedy, missing)
}

func missingClient() error {
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	for _, file := range []string{askProgram, "node_modules/ask-smapi-sdk/package.json", "node_modules/oidc-provider/package.json"} {
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	return nil
}
