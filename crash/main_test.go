// Package crash_test kills the server, again and again, and holds what is left
// against what was promised: a write that was acknowledged is there, a batch is
// there whole or not at all, who was removed stays away, and every invitation
// arrives, a second copy of it only across a kill.
//
// Eight clients add, remove, list and accept against a real `tryout serve`, and
// each keeps a journal of what it sent and what it was told. The process is
// killed with SIGKILL at a random moment and started again on the same data
// directory. The relay that takes the mail stays up and keeps a journal too. The
// verdict is a pure function of these journals and of what the server then says
// (audit_test.go, post_test.go); the control runs damage the database on purpose
// and want the verdict to tell (control_test.go).
//
// With several replicas on PostgreSQL, one of two is killed and the other goes on
// (fleet_test.go). When asked for, with PostgreSQL under Patroni, it is the primary
// that is killed, and another takes its place (failover_test.go).
//
// A killed process loses nothing that it had handed to the operating system:
// this is about our own order of things, not about power cuts.
//
// CRASH_KILLS sets how many kills there are, CRASH_ROUNDS how many of replicas,
// FAILOVER_ROUNDS how many of primaries, CRASH_SEED repeats a plan: what
// each client does and when the kill comes, not how the threads interleave.
package crash_test

import (
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait for an event that should come soon.
const patience = time.Minute

// runDir holds what all tests of one run share; it is removed at the end.
var runDir string

func TestMain(m *testing.M) {
	var err error
	if runDir, err = os.MkdirTemp("", "tryout-crash-"); err != nil {
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

// touchSources looks at every source file, so that `go test` knows that an
// earlier result is worth nothing once one of them changed.
func touchSources(dirs ...string) error {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// number reads a setting from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// seed is the run's seed: a new one unless CRASH_SEED sets it.
func seed(t *testing.T) uint64 {
	t.Helper()
	return number(t, "CRASH_SEED", rand.Uint64N(1<<32))
}
