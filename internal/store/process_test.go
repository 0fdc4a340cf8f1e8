package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// A test binary that finds these set is another process of a test: it does one
// thing in a directory, says how it went, and goes on until it is killed.
const (
	processDoes = "TRYOUT_STORE_TEST_DOES" // "lock", "write", "revoke", "revoke grant" or "revoke client"
	processDir  = "TRYOUT_STORE_TEST_DIR"
)

func TestMain(m *testing.M) {
	dir := os.Getenv(processDir)
	switch os.Getenv(processDoes) {
	case "lock":
		_, err := store.Lock(dir)
		fmt.Println(answerTo(err))
		select {}
	case "write":
		fmt.Println(answerTo(writeBeside(dir)))
		return
	case "revoke", "revoke grant", "revoke client":
		fmt.Println(answerTo(revokeBeside(dir, os.Getenv(processDoes))))
		return
	}
	os.Exit(m.Run())
}

func answerTo(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, store.ErrServed):
		return "served"
	}
	return err.Error()
}

// writeBeside stores fifty vendors, one by one.
func writeBeside(dir string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dir, make([]byte, store.KeySize), time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range 50 {
		if err := s.Update(ctx, func(tx beta.Tx) error { return addVendor(tx, fmt.Sprint("other-", i)) }); err != nil {
			return err
		}
	}
	return nil
}

// What the tests of revocation revoke.
var digest, refresh = lwa.Digest{1}, lwa.Digest{2}

const client = "C"

func revokeBeside(dir, what string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dir, make([]byte, store.KeySize), time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	switch what {
	case "revoke grant":
		return s.RevokeGrant(ctx, refresh, time.Now())
	case "revoke client":
		_, err = s.RevokeClient(ctx, client, time.Now())
	default:
		_, err = s.RevokeToken(ctx, digest, time.Now())
	}
	return err
}

// another starts another process and returns it with its answer.
func another(t *testing.T, does, dir string) (*exec.Cmd, string) {
	t.Helper()
	p := exec.CommandContext(t.Context(), os.Args[0])
	p.Env = append(os.Environ(), processDoes+"="+does, processDir+"="+dir)
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the other process said %q: %v", line, err)
	}
	return p, strings.TrimSpace(line)
}

func TestOneProcessServesADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, err := store.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lock(dir); !errors.Is(err, store.ErrServed) {
		t.Errorf("a second lock in this process: got %v, want ErrServed", err)
	}
	if _, said := another(t, "lock", dir); said != "served" {
		t.Errorf("a second process: got %q, want served", said)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	other, said := another(t, "lock", dir)
	if said != "done" {
		t.Fatalf("after the release: got %q, want done", said)
	}
	if _, err := store.Lock(dir); !errors.Is(err, store.ErrServed) {
		t.Errorf("while the other process serves: got %v, want ErrServed", err)
	}
	other.Process.Kill()
	other.Wait()
	release, err = store.Lock(dir)
	if err != nil {
		t.Fatalf("after the other process died: %v", err)
	}
	release()
}

func TestAnotherProcessMayWriteBeside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := storetest.OpenDir(t, dir, storetest.NewClock().Now)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range 50 {
			if err := s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, fmt.Sprint("ours-", i)) }); err != nil {
				t.Errorf("our write %d: %v", i, err)
			}
		}
	})
	if _, said := another(t, "write", dir); said != "done" {
		t.Errorf("the other process: got %q, want done", said)
	}
	writer.Wait()
	err := s.View(t.Context(), func(r beta.Reader) error {
		var missing []error
		for i := range 50 {
			missing = append(missing, second(r.Vendor(beta.VendorID(fmt.Sprint("ours-", i)))), second(r.Vendor(beta.VendorID(fmt.Sprint("other-", i)))))
		}
		return errors.Join(missing...)
	})
	if err != nil {
		t.Errorf("what was written: %v", err)
	}
}

// A token that was just used is in the memo; only the database's own mark tells
// that somebody else revoked it.
func TestWhatAnotherProcessRevokesIsRevokedAtOnce(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"revoke", "revoke grant", "revoke client"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			revokedAtOnce(t, what)
		})
	}
}

func revokedAtOnce(t *testing.T, what string) {
	dir := t.TempDir()
	clock := storetest.NewClock()
	s := storetest.OpenDir(t, dir, clock.Now)
	token := lwa.Token{Vendor: "V", Scope: lwa.ScopeRead, ExpiresAt: clock.Now().Add(time.Hour), Grant: refresh}
	err := s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V") })
	_, errClient := s.CreateClient(t.Context(), lwa.Client{ID: client, Vendor: "V"})
	pair := lwa.Pair{Refresh: refresh, Grant: lwa.Grant{Client: client, Vendor: "V"}, Access: digest, Token: token}
	if err := errors.Join(err, errClient, s.SavePair(t.Context(), pair)); err != nil {
		t.Fatal(err)
	}
	wantRevoked := func(want bool) {
		t.Helper()
		got, found, err := s.Token(t.Context(), digest)
		if err != nil || !found || !got.RevokedAt.IsZero() != want {
			t.Fatalf("token: got %+v, found %v, error %v; want it revoked: %v", got, found, err, want)
		}
	}
	wantRevoked(false)
	wantRevoked(false) // from memory
	if _, said := another(t, what, dir); said != "done" {
		t.Fatalf("the other process: got %q, want done", said)
	}
	wantRevoked(true)
}

func TestSeveralMayOpenAnEmptyDirectoryAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var openers sync.WaitGroup
	for range 6 {
		openers.Go(func() {
			s, err := store.Open(t.Context(), dir, make([]byte, store.KeySize), time.Now)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	openers.Wait()
}
