package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tryout/internal/store"
)

// open opens the database of a data directory, making both the first time.
func (d dataFlag) open(ctx context.Context) (*store.Store, error) {
	check := &checker{}
	master := check.masterKey(d.MasterKey)
	if check.mistakes != nil {
		return nil, usageError{errors.Join(check.mistakes...)}
	}
	return openData(ctx, d.Data, master)
}

func openData(ctx context.Context, dir string, master []byte) (*store.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if master == nil {
		var err error
		if master, err = masterKey(dir); err != nil {
			return nil, err
		}
	}
	return store.Open(ctx, dir, master, time.Now)
}

// masterKey reads the key file, making it the first time: before the database,
// so that one without a key has lost it or was made with another.
func masterKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, "key")
	_, fresh := os.Stat(filepath.Join(dir, "tryout.db")) // looked at first: another process may be making both
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if !errors.Is(fresh, os.ErrNotExist) {
			return nil, fmt.Errorf("%s is missing, and the database beside it needs its key: restore it, or set TRYOUT_MASTER_KEY", path)
		}
		if err := writeMasterKey(path); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != store.KeySize {
		return nil, fmt.Errorf("%s: must hold %d hex digits", path, 2*store.KeySize)
	}
	return key, nil
}

// writeMasterKey writes the key beside its place and links it there, so that
// nobody ever reads half of it.
func writeMasterKey(path string) error {
	key := make([]byte, store.KeySize)
	rand.Read(key)
	f, err := os.CreateTemp(filepath.Dir(path), "key-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
