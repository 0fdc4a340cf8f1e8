package main

import (
	"context"
	"time"

	"tryout/internal/store"
)

// awaitAgain is how long to wait for the database until the next try.
const awaitAgain = time.Second

// await opens a database as soon as that can be done: after a power cut it may
// start later than we do. A failure that does not pass by itself ends it at once;
// so does ctx.
func (p *program) await(ctx context.Context, open func() error) error {
	for said := ""; ; {
		err := open()
		if err == nil || !store.MayPass(err) {
			return err
		}
		if text := err.Error(); text != said {
			p.log.Warn("waiting for the database", "err", text)
			said = text
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(awaitAgain):
		}
	}
}
