package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// code returns the server's code of an error; empty when the server said
// nothing: the connection was cut.
func code(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// isCut reports whether a connection came to its end, or should.
func isCut(err error) bool {
	c := code(err)
	return c == "" || strings.HasPrefix(c, "57P") || strings.HasPrefix(c, "08") || c == readOnly
}

const readOnly = "25006" // who was the primary is a standby now

// isStale reports whether a statement was prepared for a schema that has changed.
func isStale(err error) bool { return code(err) == "0A000" || code(err) == "26000" }

// isRefusal reports whether an error at commit says that nothing was stored.
func isRefusal(err error) bool {
	c := code(err)
	return strings.HasPrefix(c, "40") || strings.HasPrefix(c, "23")
}

// unreachable marks the failures that pass.
func unreachable(err error) error {
	if passes(err) {
		return errors.Join(errAway, err)
	}
	return err
}

// passes reports whether a failure does: no primary, a lock held too long, no
// room on the disk.
func passes(err error) bool {
	c := code(err)
	return isCut(err) || strings.HasPrefix(c, "53") || strings.HasPrefix(c, "57") || strings.HasPrefix(c, "40") || c == "55P03"
}
