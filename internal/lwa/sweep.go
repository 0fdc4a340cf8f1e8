package lwa

import (
	"context"
	"time"
)

const (
	// kept is how long what has ended stays known: its end can be told from
	// never, and a code that comes back late still revokes what it gave.
	kept = 24 * time.Hour

	sweptAtOnce = 500
)

// Sweep deletes some of the tokens, grants and codes that ended a day ago; more
// tells whether there may be others.
func (a Access) Sweep(ctx context.Context) (more bool, err error) {
	return a.Store.Sweep(ctx, a.Now().Add(-kept), sweptAtOnce)
}
