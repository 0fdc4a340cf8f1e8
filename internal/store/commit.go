package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tryout/internal/beta"
)

// warned is where a connection notes that the server warned of something. At a
// commit that is that it did not wait for the standby that it should have
// waited for, and it calls the commit a success all the same.
const warned = "warned"

func noteWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warned] = true
	}
}

// isVain reports whether what failed may go well when it is run again at once.
func (t *postgresTx) isVain() bool {
	c := code(t.failed)
	return t.failed != nil && t.ctx.Err() == nil && (c == "40001" || c == "40P01" || isCut(t.failed) || isStale(t.failed))
}

// isOwn reports whether a statement of ours failed. What says that the connection
// ends may come from something in between, which had passed on the commit.
func (t *postgresTx) isOwn() bool {
	return !isCut(t.failed) || code(t.failed) == readOnly
}

// end gives the connection back, without its transaction.
func (t *postgresTx) end() {
	if t.c.TxStatus() != 'I' && !t.c.IsBusy() {
		t.fail(t.c.Exec(t.ctx, "rollback").Close())
	}
	if t.failed != nil && isStale(t.failed) {
		t.c.Close(t.ctx)
	}
	t.lent.Release() // which closes one that is not in order
	if t.failed != nil && isCut(t.failed) {
		t.pool.Reset() // the others were cut as well, or lead to who was the primary
	}
	t.stop()
}

// commit makes what was done durable, with what still waits. Where nobody can
// say whether it is, that is an error of its own.
func (t *postgresTx) commit() (vain bool, err error) {
	if t.begin != "" {
		return false, nil // nothing was done
	}
	if t.failed = t.seen.refuse(t.c); t.failed != nil { // nothing was stored: the server's successor can
		return true, unreachable(t.failed)
	}
	if slices.ContainsFunc(t.takers, func(to taker) bool { return to.row != nil }) { // who may object
		if _, err := t.travel(); err != nil {
			return t.isVain(), err
		}
	}
	t.c.CustomData()[warned] = false
	t.place(taker{}).ExecParams("commit", nil, nil, nil, nil)
	tag, left, err := t.trip()
	switch {
	case err != nil && (isRefusal(t.failed) || left > 1 && t.isOwn()): // it never came to the commit
		return t.isVain(), fmt.Errorf("commit: %w", err)
	case err != nil:
		return false, fmt.Errorf("commit: %w", errors.Join(errUnknown, t.failed))
	case tag.String() != "COMMIT":
		return false, errEnded
	case t.c.CustomData()[warned] == true:
		return false, fmt.Errorf("commit: %w", errUnknown)
	}
	return false, nil
}

// errUnknown is the caller's side of a connection that was cut during commit.
var errUnknown = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "The database went away while it stored this; whether it did is not known.", Retry: 5 * time.Second,
}
