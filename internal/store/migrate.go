package store

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"
)

// Migrations are numbered files that only go forward. A file whose name ends
// in .sqlite.sql or .postgres.sql is for that database alone.
//
// While several processes are brought up to a new version one after the other,
// the old ones go on working on the new schema. So a migration may add: tables,
// indexes, columns with a default. What it takes away or renames, the version
// before must not have used any more, nor may it narrow what a column takes. And
// no trigger and no cascade: what a statement writes is asked when it is prepared
// (Authorize), and an old process would not learn that it is more since.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the files that were not applied yet and returns their names.
// It is all one transaction, so that a failure leaves the schema as it was, and
// of several processes that begin at once one does it and the others wait.
func migrate(ctx context.Context, e engine, now time.Time) (names []string, err error) {
	err = e.upgrade(ctx, func(c conn) error {
		if lock := e.dialect().lockSchema; lock != "" {
			if err := c.query(func(row) error { return nil }, lock); err != nil {
				return err
			}
		}
		names, err = applyMissing(c, e.dialect().name, now)
		return err
	})
	return names, err
}

func applyMissing(c conn, dialect string, now time.Time) (names []string, err error) {
	if _, err := c.exec("create table if not exists migrations (name text not null primary key, applied_at bigint not null)"); err != nil {
		return nil, err
	}
	applied, err := appliedMigrations(c)
	if err != nil {
		return nil, err
	}
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !applied[f.Name()] && meantFor(f.Name(), dialect) {
			if err := apply(c, f.Name(), now); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name(), err)
			}
			names = append(names, f.Name())
		}
	}
	return names, nil
}

func appliedMigrations(c conn) (map[string]bool, error) {
	applied := map[string]bool{}
	err := c.query(func(r row) error {
		applied[r.text(0)] = true
		return nil
	}, "select name from migrations")
	return applied, err
}

// meantFor reports whether a file applies to a database: it names that one or none.
func meantFor(file, dialect string) bool {
	base := strings.TrimSuffix(file, ".sql")
	_, ending, named := strings.Cut(base, ".")
	return !named || ending == dialect
}

func apply(c conn, file string, now time.Time) error {
	text, err := migrations.ReadFile("migrations/" + file)
	if err != nil {
		return err
	}
	for _, statement := range statements(string(text)) {
		if _, err := c.exec(statement); err != nil {
			return err
		}
	}
	_, err = c.exec("insert into migrations (name, applied_at) values ($1, $2)", file, ms(now))
	return err
}

// statements splits a migration at the semicolons that end a line, which is
// where our files have them.
func statements(text string) []string {
	var list []string
	for s := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(s) != "" {
			list = append(list, s)
		}
	}
	return list
}
