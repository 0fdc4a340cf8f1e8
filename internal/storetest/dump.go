package storetest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Dump returns every row of the database in dir, a line each, so that two
// dumps can be compared. It reads beside an open store.
func Dump(t testing.TB, dir string) string {
	t.Helper()
	c, err := sqlite.OpenConn(filepath.Join(dir, "tryout.db"), sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	for _, table := range tables(t, c) {
		query(t, c, "select * from "+table, func(stmt *sqlite.Stmt) {
			fmt.Fprint(&b, table)
			for i := range stmt.ColumnCount() {
				fmt.Fprintf(&b, "|%s", stmt.ColumnText(i))
			}
			fmt.Fprintln(&b)
		})
	}
	return b.String()
}

func tables(t testing.TB, c *sqlite.Conn) (names []string) {
	t.Helper()
	query(t, c, "select name from sqlite_schema where type = 'table' order by name", func(stmt *sqlite.Stmt) {
		names = append(names, stmt.ColumnText(0))
	})
	return names
}

func query(t testing.TB, c *sqlite.Conn, sql string, row func(*sqlite.Stmt)) {
	t.Helper()
	err := sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		row(stmt)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}
