package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// asNobody runs f as the user and group nobody, who is in one more group. Only
// the thread that runs it becomes that: it ends with f, and all others stay root.
func asNobody(t *testing.T, also uint32, f func() error) (err error) {
	t.Helper()
	if !isRoot() {
		t.Skip("only root can become somebody else")
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good
		_, _, groups := syscall.RawSyscall(syscall.SYS_SETGROUPS, 1, uintptr(unsafe.Pointer(&also)), 0)
		_, _, group := syscall.RawSyscall(syscall.SYS_SETRESGID, nobody, nobody, nobody)
		_, _, user := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody)
		if groups != 0 || group != 0 || user != 0 || isRoot() {
			t.Errorf("did not become nobody: %v, %v, %v", groups, group, user)
		}
		done <- f()
	}()
	return <-done
}

// Who is not root keeps the group that may read a file, being in it. What they
// cannot leave to its readers they do not replace, and say so by its own name.
func TestWhoIsNotRootKeepsTheGroupThatMayRead(t *testing.T) {
	t.Parallel()
	const ours, theirs = 4001, 4002
	for what, c := range map[string]struct {
		group int
		mode  os.FileMode
		text  string // afterwards
		left  int    // the group afterwards
	}{
		"one of their groups":               {ours, 0o640, "after", ours},
		"a group of others":                 {theirs, 0o640, "before", theirs},
		"a group of others, who may not":    {theirs, 0o600, "after", nobody},
		"their own group, which may not":    {nobody, 0o600, "after", nobody},
		"their own group, opened to others": {nobody, 0o644, "after", nobody},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		for _, err := range []error{
			os.WriteFile(path, []byte("before"), 0o600), os.Chown(path, nobody, c.group), os.Chmod(path, c.mode),
			os.Chown(dir, nobody, nobody), os.Chmod(filepath.Dir(dir), 0o711), // which is root's alone
		} {
			if err != nil && isRoot() {
				t.Fatal(err)
			}
		}
		err := asNobody(t, ours, func() error { return replaceFile(path, "after", 0o600) })
		text, _ := os.ReadFile(path)
		info, found := os.Stat(path)
		if found != nil {
			t.Fatal(found)
		}
		of := info.Sys().(*syscall.Stat_t)
		if string(text) != c.text || int(of.Gid) != c.left || of.Uid != nobody || (err == nil) != (c.text == "after") {
			t.Errorf("%s: got %q of %d:%d and %v, want %q in group %d", what, text, of.Uid, of.Gid, err, c.text, c.left)
		}
		if err != nil && (!strings.Contains(err.Error(), path+" cannot be left") || strings.Contains(err.Error(), ".file-")) {
			t.Errorf("%s: it says %q", what, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("%s: left behind %v", what, files)
		}
	}
}
