package store

import (
	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// tables is a set of tables.
type tables uint16

// Those that remembered answers are read from, and what the writer knows, and all others together.
const (
	tokensTable tables = 1 << iota
	grantsTable
	clientsTable
	rolesTable
	vendorsTable
	skillsTable
	testsTable
	testersTable
	wishesTable // all three
	otherTables
	allTables tables = 1<<iota - 1
)

var tableOf = map[string]tables{
	"tokens": tokensTable, "grants": grantsTable, "clients": clientsTable, "roles": rolesTable,
	"vendors": vendorsTable, "skills": skillsTable, "tests": testsTable, "testers": testersTable,
	"suppressions": wishesTable, "refusals": wishesTable, "forgotten": wishesTable,
}

// Authorize implements [sqlite.Authorizer]: it forbids nothing and notes which
// tables a statement that is being prepared writes, as SQLite tells it
// (https://sqlite.org/c3ref/set_authorizer.html), with what its triggers do.
func (l *link) Authorize(a sqlite.Action) sqlite.AuthResult {
	switch a.Type() {
	case sqlite.OpSelect, sqlite.OpRead, sqlite.OpFunction, sqlite.OpRecursive, sqlite.OpTransaction, sqlite.OpSavepoint:
	case sqlite.OpInsert, sqlite.OpUpdate, sqlite.OpDelete:
		if of := tableOf[a.Table()]; of != 0 {
			l.writes |= of
			break
		}
		l.writes |= otherTables
	default: // the schema, or what we do not do
		l.writes = allTables
	}
	return sqlite.AuthResultOK
}

// keep has what was remembered of the state from, in which a transaction of ours
// began, be true of the one that it made, but for what it wrote. It is not where
// others have committed since the transaction held the database: what today's state
// differs by is theirs too then, or theirs alone.
func (w *writer) keep(from beta.Mark, written tables, others int64) {
	to := w.watch.mark()
	if now, err := w.others(); err == nil && now == others && to != (beta.Mark{}) {
		w.memo.keep(from, to, written)
		w.known.as = to
	}
}

// others is a number that changes when another connection has committed
// (https://sqlite.org/pragma.html#pragma_data_version).
func (w *writer) others() (n int64, err error) {
	err = sqliteConn{w.link}.query(func(r row) error { n = r.int(0); return nil }, "pragma data_version")
	return n, err
}
