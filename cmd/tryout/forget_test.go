package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

func TestAForgottenPersonStaysForgottenWhenAnOlderDatabaseIsRestored(t *testing.T) {
	t.Parallel()
	needsFiles(t)
	s := newSite(t, openInbox(t).Addr().String())
	p := s.serve()
	p.startTest()
	p.add("ann@x.test")
	p.add("ben@x.test")
	p.stop()
	p.wait()
	db := filepath.Join(s.home.data, "tryout.db")
	backup, err := os.ReadFile(db) // alone: the log was written into it at the stop
	if err != nil {
		t.Fatal(err)
	}
	if got := s.text("forget", "Ann@X.test"); !strings.HasPrefix(got, "erased from 1 tests") {
		t.Errorf("forget: got %q", got)
	}
	if err := os.WriteFile(db, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	p = s.serve()
	if got := p.list(); !slices.Equal(got, []string{"ben@x.test"}) {
		t.Errorf("after the restore: got %q", got)
	}
	p.add("ann@x.test") // 204, and nothing happens
	if got := p.list(); !slices.Equal(got, []string{"ben@x.test"}) {
		t.Errorf("after adding her again: got %q", got)
	}
	s.text("forget", "--undo", "ann@x.test")
	p.add("ann@x.test")
	if got := p.list(); len(got) != 2 {
		t.Errorf("once she may be added: got %q", got)
	}
	text, err := os.ReadFile(filepath.Join(s.home.data, forgottenFile))
	if err != nil || strings.TrimSpace(string(text)) != "" {
		t.Errorf("the file: got %q, %v; want it empty again", text, err)
	}
}

func TestTheFileOfForgottenPeopleHoldsNoAddress(t *testing.T) {
	t.Parallel()
	needsFiles(t)
	s := newSite(t, openInbox(t).Addr().String())
	s.text("forget", "ann@x.test")
	text, err := os.ReadFile(filepath.Join(s.home.data, forgottenFile))
	if err != nil || strings.Contains(string(text), "ann") || len(text) != 65 {
		t.Errorf("got %q, %v; want one digest", text, err)
	}
	if err := os.WriteFile(filepath.Join(s.home.data, forgottenFile), []byte("ann@x.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tryout(t, "serve", "--data", s.home.data, "--smtp", "smtp://127.0.0.1:9", "--mail-from", "a@x.test", "--listen", "127.0.0.1:0"); got.Run() == nil {
		t.Error("a file that is not one of digests: the server starts")
	}
}

// Root runs the operator's commands on the directory of a server that is
// somebody else: it must start again.
func TestTheFileOfForgottenPeopleBelongsToTheServer(t *testing.T) {
	t.Parallel()
	needsFiles(t)
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can give files away")
	}
	const nobody = 65534
	s := newSite(t, openInbox(t).Addr().String())
	if err := os.Chown(s.home.data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"forget", "ann@x.test"}, {"forget", "--undo", "ann@x.test"}} {
		s.text(args...)
		info, err := os.Stat(filepath.Join(s.home.data, forgottenFile))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != nobody {
			t.Errorf("tryout %v: the file belongs to %d, want %d", args, got, nobody)
		}
	}
}

// The line in the file comes first, so an erasure that a crash cut short is
// finished at the next start, and one that a crash cuts short there at the next.
func TestAnErasureThatWasCutShortIsFinishedAtTheNextStart(t *testing.T) {
	t.Parallel()
	needsFiles(t)
	site := newSite(t, openInbox(t).Addr().String())
	p := site.serve()
	p.startTest()
	p.add("ann@x.test")
	p.add("ben@x.test")
	p.stop()
	p.wait()
	s, err := site.home.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ann := beta.Email{Given: "ann@x.test", Key: "ann@x.test"}
	if err := addLine(filepath.Join(site.home.data, forgottenFile), hex.EncodeToString(s.Digest(ann))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if back, err := s.Back(t.Context(), [][]byte{s.Digest(ann)}); err != nil || !slices.Equal(back, []beta.Email{ann}) {
			t.Errorf("who is back: %v, %v", back, err)
		}
	}
	for _, want := range []int{1, 0} {
		if n, err := applyForgotten(t.Context(), s, site.home.data); err != nil || n != want {
			t.Errorf("erased %d, %v; want %d", n, err, want)
		}
	}
	if got := site.serve().list(); !slices.Equal(got, []string{"ben@x.test"}) {
		t.Errorf("after the start: got %q", got)
	}
}

// needsFiles is for tests of what lies beside SQLite.
func needsFiles(t *testing.T) {
	t.Helper()
	if storetest.OnPostgres() {
		t.Skip("nothing lies beside PostgreSQL")
	}
}
