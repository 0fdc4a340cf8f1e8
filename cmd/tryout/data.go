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

// home is where everything is kept.
type home struct {
	data     string // a directory with SQLite and what lies beside it; empty with PostgreSQL: nothing is kept here
	postgres string // the address of PostgreSQL; empty with SQLite
	master   []byte // nil means from the data directory
}

// home reads the flags that say where everything is kept.
func (c *checker) home(d dataFlag) home {
	h := home{data: d.Data, master: c.masterKey(d.MasterKey)}
	if dir, is := strings.CutPrefix(d.Database, "sqlite:"); is {
		if h.data = dir; dir == "" {
			c.wrong("database", "must be sqlite:DIR, with the directory of the data")
		}
	} else if d.Database != "" {
		h.data, h.postgres = "", d.Database
		if err := store.CheckAddress(d.Database); err != nil {
			c.wrong("database", "%v", err)
		}
		if d.MasterKey == "" {
			c.wrong("master-key", "is missing: PostgreSQL needs it, the same on every server; openssl rand -hex %d makes one", store.KeySize)
		}
	}
	return h
}

// home is checker.home for a command that has nothing else to check.
func (d dataFlag) home() (home, error) {
	check := &checker{}
	h := check.home(d)
	if check.mistakes != nil {
		return h, usageError{errors.Join(check.mistakes...)}
	}
	return h, nil
}

func (d dataFlag) open(ctx context.Context) (*store.Store, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	return h.open(ctx)
}

// open opens the database, making it the first time, and its directory.
func (h home) open(ctx context.Context) (*store.Store, error) {
	if h.postgres != "" {
		return store.Open(ctx, h.postgres, h.master, time.Now)
	}
	if err := os.MkdirAll(h.data, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if h.master == nil {
		var err error
		if h.master, err = masterKey(h.data); err != nil {
			return nil, err
		}
	}
	return store.Open(ctx, h.data, h.master, time.Now)
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
