package main

import "context"

type serveCmd struct{ config }

// Run serves until told to stop.
func (c serveCmd) Run(ctx context.Context, io streams, file *configFile) error {
	s, err := c.settings(file.mistakes...)
	if err != nil {
		return err
	}
	log, closeLog := newLog(io.err, c.LogFormat, c.LogLevel)
	defer closeLog() // also when this panics
	p, err := build(ctx, s, log)
	if err != nil {
		return err
	}
	return p.run(ctx)
}
