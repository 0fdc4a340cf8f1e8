package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

type serveCmd struct{ config }

// gcPercent is how much garbage may gather before it is collected. Little of
// what a server holds lives in Go's heap, and each answer leaves garbage there;
// more than this, and the memory goal (G13 of make bench) is missed.
const gcPercent = 200

// addProcessor has one goroutine more run at once than there are processors,
// unless the environment says how many: who waits for the disk, in SQLite, would
// wait once more behind all who answer requests, to go on (decision 0029).
var addProcessor = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
})

// Run serves until told to stop.
func (c serveCmd) Run(ctx context.Context, io streams, file *configFile) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	s, err := c.settings(file.mistakes...)
	if err != nil {
		return err
	}
	if s.postgres == "" {
		addProcessor()
	}
	log, closeLog := newLog(io.err, c.LogFormat, c.LogLevel)
	defer closeLog() // also when this panics
	p, err := build(ctx, s, log)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // told to stop before there was anything to serve
	}
	if err != nil {
		return err
	}
	return p.run(ctx)
}
