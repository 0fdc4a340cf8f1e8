package storetest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Dump returns every row of a database, a line each, so that two dumps can be
// compared. It reads beside an open store.
func Dump(t testing.TB, database string) string {
	t.Helper()
	schema := "select name from sqlite_schema where type = 'table' order by name"
	if isPostgres(database) {
		schema = "select table_name from information_schema.tables where table_schema = current_schema() order by 1"
	}
	var lines []string
	for _, table := range Rows(t, database, schema) {
		for _, row := range Rows(t, database, "select * from "+table[0]) {
			lines = append(lines, table[0]+"|"+strings.Join(row, "|"))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Rows returns what a statement answers beside an open store, every column as text.
func Rows(t testing.TB, database, sql string) [][]string {
	t.Helper()
	read := sqliteRows
	if isPostgres(database) {
		read = postgresRows
	}
	rows, err := read(t, database, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

func isPostgres(database string) bool { return strings.HasPrefix(database, "postgres://") }

func sqliteRows(_ testing.TB, dir, sql string) (rows [][]string, err error) {
	c, err := sqlite.OpenConn(filepath.Join(dir, "tryout.db"), sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	err = sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		row := make([]string, stmt.ColumnCount())
		for i := range row {
			row[i] = stmt.ColumnText(i)
		}
		rows = append(rows, row)
		return nil
	}})
	return rows, err
}

func postgresRows(t testing.TB, address, sql string) (rows [][]string, err error) {
	c, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		return nil, err
	}
	defer c.Close(t.Context())
	results, err := c.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, values := range results[0].Rows {
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = string(v)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
