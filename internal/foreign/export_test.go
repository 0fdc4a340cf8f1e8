package foreign

import (
	"context"
	"encoding/binary"
	"time"

	"tryout/internal/lwa"
)

// Remembered is how many judgements are.
func (j *Judge) Remembered() int {
	j.seen.mu.Lock()
	defer j.seen.mu.Unlock()
	return len(j.seen.seen)
}

// Remember finds the nth token good for a while.
func (j *Judge) Remember(n int, life time.Duration) {
	var d lwa.Digest
	binary.BigEndian.PutUint64(d[:], uint64(n))
	_, err := j.seen.guest(context.Background(), d, func(context.Context) (lwa.Guest, time.Time, error) {
		return lwa.Guest{}, j.seen.now().Add(life), nil
	})
	if err != nil {
		panic(err)
	}
}
