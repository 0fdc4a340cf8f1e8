package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tryout/internal/store"
)

type copyCmd struct {
	jsonFlag
	From      string `required:"" help:"What to copy: sqlite:DIR or postgres://... No server may use it." placeholder:"DATABASE"`
	To        string `required:"" help:"Where to: the same, and empty." placeholder:"DATABASE"`
	MasterKey string `help:"Seals the keys in both. Default: the file key in DIR of --from." placeholder:"HEX"`
}

// copiedTable is a table as it is on both sides after the copy.
type copiedTable struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	Copied int64  `json:"copied"`
	Same   bool   `json:"same"` // the digests of all values agree
}

// Run copies a database and holds both sides against each other.
func (c copyCmd) Run(ctx context.Context, io streams) error {
	from, to, err := c.homes()
	if err != nil {
		return err
	}
	source, release, err := from.alone(ctx)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer release()
	target, release, err := to.alone(ctx)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer release()
	if err := store.Copy(ctx, source, target); err != nil {
		return err
	}
	tables, err := compareSides(ctx, source, target)
	if err != nil {
		return err
	}
	return errors.Join(c.tell(io, tables), differences(tables))
}

// homes checks what was said.
func (c copyCmd) homes() (from, to home, err error) {
	check := &checker{}
	from, to = check.place("from", c.From), check.place("to", c.To)
	master := check.masterKey(c.MasterKey)
	if from.data != "" {
		if _, err := os.Stat(filepath.Join(from.data, "tryout.db")); err != nil {
			check.wrong("from", "has no database: %v", err)
		} else if master == nil {
			if master, err = masterKey(from.data); err != nil {
				check.wrong("master-key", "%v", err)
			}
		}
	} else if master == nil {
		check.wrong("master-key", "is missing: the one of --from")
	}
	from.master, to.master = master, master
	if check.mistakes != nil {
		return from, to, usageError{errors.Join(check.mistakes...)}
	}
	return from, to, nil
}

// place reads where a database is.
func (c *checker) place(flag, database string) home {
	if dir, is := strings.CutPrefix(database, "sqlite:"); is {
		return home{data: dir}
	}
	if err := store.CheckAddress(database); err != nil {
		c.wrong(flag, "%v", err)
	}
	return home{postgres: database}
}

// alone opens a database that no server uses, and keeps servers from a
// directory until release.
func (h home) alone(ctx context.Context) (s *store.Store, release func() error, err error) {
	unlock := func() error { return nil }
	if h.data != "" {
		if err := os.MkdirAll(h.data, 0o700); err != nil {
			return nil, nil, err
		}
		if unlock, err = store.Lock(h.data); err != nil {
			return nil, nil, err
		}
	}
	if s, err = h.open(ctx); err == nil {
		if err = h.quiet(ctx, s); err == nil {
			return s, func() error { return errors.Join(s.Close(), unlock()) }, nil
		}
		s.Close()
	}
	return nil, nil, errors.Join(err, unlock())
}

// quiet waits long enough to see that no replica beats, and erases again who
// came back with an older copy of a directory.
func (h home) quiet(ctx context.Context, s *store.Store) error {
	if h.data != "" {
		_, err := applyForgotten(ctx, s, h.data)
		return err
	}
	before, err := s.Replicas(ctx)
	if err != nil || len(before) == 0 {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * heartbeat):
	}
	now, err := s.Replicas(ctx)
	if err == nil && !maps.Equal(before, now) {
		err = errors.New("a server uses this database; stop all of them first")
	}
	return err
}

// compareSides reads both sides anew.
func compareSides(ctx context.Context, source, target *store.Store) (tables []copiedTable, err error) {
	want, err := source.Contents(ctx)
	if err != nil {
		return nil, err
	}
	got, err := target.Contents(ctx)
	if err != nil {
		return nil, err
	}
	for i, w := range want { // the copy has seen to it that both have the same tables
		tables = append(tables, copiedTable{w.Table, w.Rows, got[i].Rows, w == got[i]})
	}
	return tables, nil
}

func (c copyCmd) tell(io streams, tables []copiedTable) error {
	var lines strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&lines, "%-16s %d rows\n", t.Table, t.Copied)
	}
	if differences(tables) == nil {
		lines.WriteString("Both sides hold the same. Do not serve the old one again: it would send what it holds.\n")
	}
	return c.print(io, map[string]any{"tables": tables}, strings.TrimSuffix(lines.String(), "\n"))
}

// differences names the tables that are not the same on both sides.
func differences(tables []copiedTable) error {
	var list []error
	for _, t := range tables {
		if !t.Same {
			list = append(list, fmt.Errorf("%s differs: %d rows were copied to %d", t.Table, t.Rows, t.Copied))
		}
	}
	return errors.Join(list...)
}
