package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile puts a whole text in the place of a file, whenever the machine
// stops. One that its owner has opened to their group alone stays so.
func replaceFile(path, text string, mode os.FileMode) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, reason(err))
	}
	defer os.Remove(f.Name()) // which is gone if all went well
	if before, err := os.Stat(path); err == nil {
		if before.Mode().Perm()&0o007 == 0 {
			mode = before.Mode().Perm() | mode&0o100
		}
		if err := keepOwner(f, before); err != nil {
			return fmt.Errorf("%s cannot be left to whom it belongs now: %w; run this as root", path, reason(err))
		}
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// reason is an error without the name of the file that is to take the place of
// another: nobody has seen it.
func reason(err error) error {
	if e, is := errors.AsType[*os.PathError](err); is {
		return e.Err
	}
	return err
}

// keepOwner gives f to whom the file belongs that it replaces: its owner where
// root does it, and the group that may read it in any case.
func keepOwner(f *os.File, before os.FileInfo) error {
	owner, is := before.Sys().(*syscall.Stat_t)
	switch {
	case !is:
		return nil
	case isRoot():
		return f.Chown(int(owner.Uid), int(owner.Gid))
	case before.Mode().Perm()&0o070 == 0:
		return nil
	}
	return f.Chown(-1, int(owner.Gid))
}
