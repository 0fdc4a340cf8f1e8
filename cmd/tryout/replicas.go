package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
)

const (
	heartbeat = time.Second // between two looks at the others
	lease     = 10          // looks at somebody who stands still until they count as dead
)

// replicas counts the servers on one database, among whom the rates are divided.
// Each counts up a row of its own. Who stands still while we looked so many times
// is dead: looks, not seconds, so that neither clocks that differ nor a database
// that was away make anybody so. A stranger is taken to live until then, and so
// the rates are kept when in doubt; but for the moment until the others look
// again when somebody joins.
type replicas struct {
	store *store.Store
	log   *slog.Logger
	id    string
	heard map[string]pulse
	live  atomic.Int64

	differ atomic.Pointer[clocksDiffer] // nil while the clocks agree
}

// pulse is how far a replica had counted, and in how many looks since.
type pulse struct {
	beats int64
	still int
}

// joinReplicas makes this server known to the others, unless it has another time.
func joinReplicas(ctx context.Context, s *store.Store, log *slog.Logger) (*replicas, error) {
	r := &replicas{store: s, log: log, id: beta.NewID(time.Now()), heard: map[string]pulse{}}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	return r, r.beat(ctx)
}

// count returns how many servers live, this one included; without others to
// know of, as on SQLite, r is nil.
func (r *replicas) count() int {
	if r == nil {
		return 1
	}
	return int(r.live.Load())
}

// run beats until ctx is done, and then takes this server out of the count.
func (r *replicas) run(ctx context.Context) {
	if r == nil {
		return
	}
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.leave(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			r.beat(ctx) // what fails is said by those who do more with the database
		}
	}
}

func (r *replicas) leave(ctx context.Context) { r.store.Bury(ctx, r.id, r.heard[r.id].beats) }

// beat counts this server up and looks at the others.
func (r *replicas) beat(ctx context.Context) error {
	beats, err := r.store.Beat(ctx, r.id)
	if err != nil {
		return err
	}
	for _, dead := range r.listen(beats) {
		if err := r.store.Bury(ctx, dead, beats[dead]); err != nil {
			return err
		}
	}
	if n := int64(len(r.heard)); r.live.Swap(n) != n {
		r.log.Info("replicas", "live", n)
	}
	return nil
}

// listen notes how far everybody has counted, and returns who is dead.
func (r *replicas) listen(beats map[string]int64) (dead []string) {
	heard := make(map[string]pulse, len(beats))
	for id, n := range beats {
		p := pulse{beats: n}
		if last, known := r.heard[id]; known && last.beats == n {
			p.still = last.still + 1
		}
		if p.still >= lease {
			dead = append(dead, id)
			continue
		}
		heard[id] = p
	}
	r.heard = heard
	return dead
}
