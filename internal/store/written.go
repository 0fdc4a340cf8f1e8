package store

import (
	"encoding/binary"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// tables is a set of tables.
type tables uint16

// Those that remembered answers are read from, and all others together.
const (
	tokensTable tables = 1 << iota
	grantsTable
	clientsTable
	rolesTable
	vendorsTable
	skillsTable
	testsTable
	testersTable
	otherTables
	allTables tables = 1<<iota - 1
)

var tableOf = map[string]tables{
	"tokens": tokensTable, "grants": grantsTable, "clients": clientsTable, "roles": rolesTable,
	"vendors": vendorsTable, "skills": skillsTable, "tests": testsTable, "testers": testersTable,
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
// began, be true of the one that it made, but for what it wrote. If anybody else
// committed since, nothing is known of today's: a transaction that changed no page
// counts for nothing, and the one that was counted may be theirs. That, SQLite tells
// this connection (https://sqlite.org/pragma.html#pragma_data_version), whose answer
// before the transaction's end was others.
func (w *writer) keep(from beta.Mark, written tables, others int64) {
	to := w.watch.mark()
	if to == (beta.Mark{}) || commits(to) != commits(from)+1 {
		return
	}
	if now, err := w.others(); err == nil && now == others {
		w.memo.keep(from, to, written)
	}
}

// others is a number that changes when another connection has committed.
func (w *writer) others() (n int64, err error) {
	err = sqliteConn{w.link}.query(func(r row) error { n = r.int(0); return nil }, "pragma data_version")
	return n, err
}

// commits is the counter in a mark, which each commit increments, and nothing else
// (iChange; https://sqlite.org/walformat.html section 2.1).
func commits(m beta.Mark) uint32 {
	var octets [8]byte
	binary.NativeEndian.PutUint64(octets[:], m[1])
	return binary.NativeEndian.Uint32(octets[:])
}
