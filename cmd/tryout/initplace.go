package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tryout/internal/store"
)

// askPlace asks where everything is kept, and looks what is there already.
func (s *setup) askPlace(ctx context.Context) error {
	if s.file.used["data"] == 0 && !s.given["data"] && isRoot() {
		s.Data = rootData
	}
	if s.given["data"] && !s.given["database"] {
		s.Database = ""
	}
	s.given["data"] = s.given["data"] || s.given["database"]
	answer, before := cmp.Or(s.Database, s.Data), len(s.check.mistakes)
	q := question{flag: "data", text: "Directory of the data, or postgres://user:password@host/name", answer: &answer, check: needed("where everything is kept", s.place)}
	if strings.Contains(answer, "://") { // there may be a password in it
		q.shown = "as before"
	}
	for {
		if err := s.ask(ctx, q); err != nil || len(s.check.mistakes) > before {
			return err
		}
		err := s.look(ctx)
		if err == nil || s.asker == nil {
			return err
		}
		fmt.Fprintln(s.io.err, err)
		delete(s.given, "data")
	}
}

// place takes what was answered apart.
func (s *setup) place(c *checker, flag, value string) {
	s.Database, s.MasterKey = "", s.knownKey
	if strings.Contains(value, "://") {
		s.Database, s.MasterKey = value, cmp.Or(s.knownKey, s.freshKey)
		c.home(s.dataFlag)
		return
	}
	dir, err := filepath.Abs(strings.TrimPrefix(value, "sqlite:"))
	if err == nil {
		err = mayMake(dir)
	}
	switch {
	case s.hides(dir):
		c.wrong(flag, "%s is in a home, of which the service of --systemd sees nothing; take another, such as %s as root", dir, rootData)
	case err != nil, !oneLine(dir):
		c.wrong(flag, "must be a directory that can be made and written to: %v", err)
	}
	s.Data = dir
}

func newMasterKey() string {
	key := make([]byte, store.KeySize)
	rand.Read(key)
	return hex.EncodeToString(key)
}

// mayMake says why a directory can be neither used nor made.
func mayMake(dir string) error {
	const writable = 2
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir):
		return mayMake(filepath.Dir(dir))
	case err != nil:
		return err
	case !info.IsDir():
		return &os.PathError{Op: "use", Path: dir, Err: syscall.ENOTDIR}
	}
	if err := syscall.Access(dir, writable); err != nil {
		return &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
}

// isOfRoot reports whether a file of the data directory is root's, and Tryout's:
// not something else that lies there, nor a link to what lies elsewhere.
func isOfRoot(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	name := info.Name()
	of, is := info.Sys().(*syscall.Stat_t)
	return is && of.Uid == 0 && of.Nlink == 1 && (name == "key" || name == "url" || name == "serve.lock" || strings.HasPrefix(name, "tryout."))
}

// handOver gives what root has made in the data directory to whom the directory
// belongs, who will serve it.
func (s *setup) handOver(context.Context) error {
	if s.Database != "" || !isRoot() {
		return nil
	}
	info, err := os.Stat(s.Data)
	if err != nil {
		return err
	}
	owner, is := info.Sys().(*syscall.Stat_t)
	files, err := os.ReadDir(s.Data)
	for _, file := range files {
		if path := filepath.Join(s.Data, file.Name()); err == nil && is && isOfRoot(path) {
			err = os.Lchown(path, int(owner.Uid), int(owner.Gid))
		}
	}
	return err
}
