package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
)

type serveCmd struct{ config }

// gcPercent is how much garbage may gather before it is collected. Little of
// what a server holds lives in Go's heap, and each answer leaves garbage there;
// more than this, and the memory goal (G13 of make bench) is missed.
const gcPercent = 200

// Run serves until told to stop.
func (c serveCmd) Run(ctx context.Context, io streams, file *configFile) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	s, err := c.settings(file.mistakes...)
	if err != nil {
		return err
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
