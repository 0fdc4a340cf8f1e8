package store

import (
	"context"
	"time"
)

// Beat counts up the row of the replica called id, which it makes the first
// time, and returns how far every replica has counted. A row says no time: whose
// stands still is for those to judge who look again and again, so the clocks of
// the machines may be wrong.
func (s *Store) Beat(ctx context.Context, id string) (beats map[string]int64, err error) {
	err = s.engine.update(ctx, func(c conn) (err error) {
		if _, err := c.exec(`
			insert into replicas (id, beats)
			values ($1, 1)
			on conflict (id) do update set beats = replicas.beats + 1`, id); err != nil {
			return err
		}
		beats, err = replicas(c)
		return err
	})
	return beats, err
}

// Replicas returns how far every replica has counted.
func (s *Store) Replicas(ctx context.Context) (beats map[string]int64, err error) {
	err = s.engine.view(ctx, func(c conn) (err error) {
		beats, err = replicas(c)
		return err
	})
	return beats, err
}

func replicas(c conn) (map[string]int64, error) {
	beats := map[string]int64{}
	err := c.query(func(r row) error {
		beats[r.text(0)] = r.int(1)
		return nil
	}, "select id, beats from replicas")
	return beats, err
}

// Bury forgets a replica, unless it has counted on.
func (s *Store) Bury(ctx context.Context, id string, beats int64) error {
	return s.engine.update(ctx, func(c conn) error {
		_, err := c.exec("delete from replicas where id = $1 and beats = $2", id, beats)
		return err
	})
}

// Look is to be called now and then. It finds out which of several servers is
// the primary now, so that one that was replaced is left even if it answers; and
// by how much the primary's clock is ahead of ours, which is only told: times that
// are stored are all ours. Where there is no other clock that is zero.
func (s *Store) Look(ctx context.Context) (ahead time.Duration, err error) {
	err = s.engine.look(ctx, func(clock time.Time) { ahead = clock.Sub(s.now()) })
	return ahead, err
}
