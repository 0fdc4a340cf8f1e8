package main

import (
	"context"
	"io"
	"log/slog"
)

type serveCmd struct{ config }

// Run serves until told to stop.
func (c serveCmd) Run(ctx context.Context, io streams, file *configFile) error {
	s, err := c.settings(file.mistakes...)
	if err != nil {
		return err
	}
	p, err := build(ctx, s, newLog(io.err, c.LogFormat, c.LogLevel))
	if err != nil {
		return err
	}
	return p.run(ctx)
}

func newLog(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	l.UnmarshalText([]byte(level)) // checked with the settings
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
