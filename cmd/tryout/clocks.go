package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
)

const (
	lookEvery = 10 * time.Second // from one look at the database's servers and clock to the next
	mostApart = time.Minute      // of our clock and the database's
)

// clocksDiffer says that this machine's clock is not that of the database, and so
// not that of the other servers either. What they leave to each other they leave
// by the clock: when a test ends, when mail is due, how long a claim holds.
type clocksDiffer struct{ here, there time.Time }

func (e *clocksDiffer) Error() string {
	return fmt.Sprintf("the clocks differ by more than %v: it is %s here, and %s at the database; set the one that is wrong",
		mostApart, e.here.UTC().Format(time.RFC3339), e.there.UTC().Format(time.RFC3339))
}

// look looks at the database: who is the primary, and whether its clock is ours.
func (r *replicas) look(ctx context.Context) error {
	ahead, err := r.store.Look(ctx)
	if err != nil || ahead.Abs() <= mostApart {
		return err
	}
	now := time.Now()
	return &clocksDiffer{now, now.Add(ahead)}
}

// watch looks now and then until ctx is done.
func (r *replicas) watch(ctx context.Context) {
	if r == nil {
		return
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.note(r.look(ctx))
		}
	}
}

// note takes note of what a look found; that there is no database others say.
func (r *replicas) note(err error) {
	var differ *clocksDiffer
	switch {
	case errors.As(err, &differ):
		if r.differ.Swap(differ) == nil {
			r.log.Error("clocks", "err", differ)
		}
	case err == nil && r.differ.Swap(nil) != nil:
		r.log.Info("the clocks agree again")
	}
}

// clocks returns why nothing may be done by the clock now; nil when all is well.
func (r *replicas) clocks() error {
	if r == nil {
		return nil
	}
	if differ := r.differ.Load(); differ != nil {
		return differ
	}
	return nil
}

// queue is the stored mail, of which nobody claims any whose clock is wrong:
// others would take it for theirs.
type queue struct {
	*store.Store
	*replicas
}

func (q queue) ClaimMail(ctx context.Context, claim string, limit int, lease time.Duration) ([]beta.Mail, error) {
	if err := q.clocks(); err != nil {
		return nil, err
	}
	return q.Store.ClaimMail(ctx, claim, limit, lease)
}
