package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

func TestAKeyIsNotInTheDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := storetest.OpenDir(t, dir, storetest.NewClock().Now)
	key, err := s.Key(t.Context(), "links")
	if err != nil {
		t.Fatal(err)
	}
	wantInFiles(t, dir, "the name of the key", []byte("links"), true)
	wantInFiles(t, dir, "the key", key, false)
}

func TestAnotherMasterKeyIsNoticed(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), storetest.NewClock().Now
	if _, err := storetest.OpenDir(t, dir, now).Key(t.Context(), "links"); err != nil {
		t.Fatal(err)
	}
	other, err := store.Open(t.Context(), dir, bytes.Repeat([]byte{1}, store.KeySize), now)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if key, err := other.Key(t.Context(), "links"); !errors.Is(err, store.ErrMasterKey) {
		t.Errorf("got the key %x, error %v, want ErrMasterKey", key, err)
	}
}

func TestASealedKeyOpensOnlyUnderItsName(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	if _, err := s.Key(t.Context(), "links"); err != nil {
		t.Fatal(err)
	}
	s.RenameKey(t, "links", "pages")
	if key, err := s.Key(t.Context(), "pages"); !errors.Is(err, store.ErrMasterKey) {
		t.Errorf("got the key %x, error %v, want ErrMasterKey", key, err)
	}
}

func TestOnlyTheDigestOfATokenIsKept(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	s := storetest.OpenDir(t, dir, clock.Now)
	if err := s.Update(t.Context(), func(tx beta.Tx) error { return addVendor(tx, "V1") }); err != nil {
		t.Fatal(err)
	}
	access := lwa.Access{Store: s, Now: clock.Now}
	token, err := access.Issue(t.Context(), "V1", lwa.ScopeWrite, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := access.Caller(t.Context(), http.Header{"Authorization": {"Bearer " + token}}); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(token))
	wantInFiles(t, dir, "the digest", digest[:], true)
	_, secret, _ := strings.Cut(token, "|")
	wantInFiles(t, dir, "the token", []byte(secret), false)
}

func TestWhatIsDeletedIsGoneFromTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir, make([]byte, store.KeySize), storetest.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []beta.Reason{beta.BecauseLeft, ""} {
		if err := s.Update(t.Context(), func(tx beta.Tx) error { return tx.Suppress(1, "somebody@x.test", reason, storetest.Start) }); err != nil {
			t.Fatal(err)
		}
		if reason != "" {
			wantInFiles(t, dir, "a stored address", []byte("somebody@x.test"), true)
		}
	}
	if err := s.Close(); err != nil { // the log is folded into the file
		t.Fatal(err)
	}
	wantInFiles(t, dir, "a deleted address", []byte("somebody@x.test"), false)
}

// wantInFiles checks whether secret occurs in any file of dir, raw.
func wantInFiles(t *testing.T, dir, what string, secret []byte, want bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files of %s: %v, %v", dir, files, err)
	}
	found := ""
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, secret) {
			found = filepath.Base(f)
		}
	}
	if (found != "") != want {
		t.Errorf("%s: found in %q, want found %v", what, found, want)
	}
}
