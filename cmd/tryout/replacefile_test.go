package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// nobody is a user, and a group, without rights.
const nobody = 65534

func TestAFileIsReplacedForWhomItWasOpened(t *testing.T) {
	t.Parallel()
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct{ before, asked, want os.FileMode }{
		"none before":          {0, 0o600, 0o600},
		"opened to the group":  {0o640, 0o600, 0o640},
		"opened to the world":  {0o644, 0o600, 0o600},
		"a script, for a file": {0o640, 0o700, 0o740},
		"a file for all":       {0o600, 0o644, 0o600},
	} {
		path := filepath.Join(t.TempDir(), "file")
		name, group := path, os.Getgid()
		if c.before != 0 {
			must(t, os.WriteFile(path, []byte("before"), 0o600))
			if isRoot() {
				group = nobody
				must(t, os.Chown(path, nobody, group))
			}
			must(t, os.Chmod(path, c.before))
			name = path + "-link"
			must(t, os.Symlink(path, name))
		}
		must(t, replaceFile(name, "after", c.asked))
		text, err := os.ReadFile(path)
		must(t, err)
		info, err := os.Lstat(path)
		must(t, err)
		owner := info.Sys().(*syscall.Stat_t)
		if string(text) != "after" || info.Mode() != c.want || int(owner.Gid) != group || isRoot() && c.before != 0 && owner.Uid != nobody {
			t.Errorf("%s: got %q, %v of %d:%d, want after, %v in group %d", what, text, info.Mode(), owner.Uid, owner.Gid, c.want, group)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
			t.Errorf("%s: left behind %q", what, left)
		}
	}
}
