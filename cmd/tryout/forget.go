package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tryout/internal/beta"
	"tryout/internal/signin"
	"tryout/internal/store"
)

// forgottenFile lies beside the database and outlives it: should an older copy
// of the database be restored, whoever was erased since is erased again. It
// holds a digest of each address, under a key made of the master key. Beside
// PostgreSQL, which is restored by other means, there is none.
const forgottenFile = "forgotten"

type forgetCmd struct {
	dataFlag
	jsonFlag
	Address string `arg:"" help:"The person's e-mail address."`
	Undo    bool   `help:"Let the person be added again; what was erased stays erased."`
}

type forgotten struct {
	Tests int `json:"tests"` // in which the person was
}

// Run erases a person.
func (c forgetCmd) Run(ctx context.Context, io streams) error {
	email, err := beta.ParseEmail(c.Address)
	if err != nil {
		return usageError{fmt.Errorf("%q: %w", c.Address, err)}
	}
	h, err := c.home()
	if err != nil {
		return err
	}
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	line := hex.EncodeToString(s.Digest(email))
	if c.Undo {
		if err := errors.Join(h.unlist(line), service(s).Remember(ctx, email)); err != nil {
			return err
		}
		return c.print(io, forgotten{}, "the person may be added again")
	}
	people := signin.Register{Store: s, Now: time.Now}
	if err := people.Forget(ctx, email); err != nil {
		return err
	}
	if err := h.list(line); err != nil { // first: what the file holds is erased at the next start at the latest
		return err
	}
	tests, err := service(s).Forget(ctx, email)
	if err != nil {
		return fmt.Errorf("%w; run the command again", err)
	}
	return c.print(io, forgotten{tests}, fmt.Sprintf("erased from %d tests; adding the address again does nothing", tests))
}

// list adds an erased person to the file beside the database, if there is one.
func (h home) list(line string) error {
	if h.data == "" {
		return nil
	}
	return addLine(filepath.Join(h.data, forgottenFile), line)
}

// unlist undoes list.
func (h home) unlist(line string) error {
	if h.data == "" {
		return nil
	}
	return dropLine(filepath.Join(h.data, forgottenFile), line)
}

// applyForgotten erases again whoever came back with an older database.
func applyForgotten(ctx context.Context, s *store.Store, dir string) (erased int, err error) {
	lines, err := readLines(filepath.Join(dir, forgottenFile))
	if err != nil {
		return 0, err
	}
	var digests [][]byte
	for i, line := range lines {
		d, err := hex.DecodeString(line)
		if err != nil || len(d) != 32 {
			return 0, fmt.Errorf("%s: line %d: must be 64 hex digits", filepath.Join(dir, forgottenFile), i+1)
		}
		digests = append(digests, d)
	}
	back, err := s.Back(ctx, digests)
	if err != nil {
		return 0, err
	}
	people := signin.Register{Store: s, Now: time.Now}
	for _, e := range back {
		if err := people.Erase(ctx, e); err != nil {
			return erased, err
		}
		tests, err := service(s).Forget(ctx, e)
		if err != nil {
			return erased, err
		}
		if tests > 0 {
			erased++ // the others are the same people in another table
		}
	}
	return erased, s.ForgetDigests(ctx, digests)
}

// readLines returns the lines of a file; none if it is not there.
func readLines(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, scan.Err()
}

// addLine adds a line to a file, for good.
func addLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, giveToOwner(f), f.Sync(), f.Close())
}

// giveToOwner gives a file that root made in a data directory to whom the
// directory belongs, as SQLite does with its own: the server must be able to
// read it.
func giveToOwner(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	dir, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	owner, ok := dir.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// dropLine rewrites a file without a line, whole or not at all.
func dropLine(path, line string) error {
	lines, err := readLines(path)
	if err != nil || lines == nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), forgottenFile+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for _, l := range lines {
		if l != line {
			_, failed := fmt.Fprintln(f, l)
			err = errors.Join(err, failed)
		}
	}
	if err := errors.Join(err, giveToOwner(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

type allowCmd struct{ addressFlag }

// Run has an address mailed again.
func (c allowCmd) Run(ctx context.Context, io streams) error {
	s, by, email, err := c.find(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := service(s).Allow(ctx, by, beta.SkillID(c.Skill), email); err != nil {
		return err
	}
	return c.print(io, struct {
		Allowed bool `json:"allowed"`
	}{true}, "allowed: the address is mailed again from now on")
}
