package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// bench is one run.
type bench struct {
	options
	relay             net.Listener // silent
	dir               string       // of this run, removed at its end
	data              *data
	server            *server   // on the data
	rival             *server   // the build of -against, on a copy; nil without
	raw               *raw      // on a copy; nil until used
	postgres          *postgres // nil until used
	added, addedThere *adder    // to the data, and to a copy; nil until used
	goal              string    // the one being measured
	target            float64   // what it asks for
}

// run measures what was chosen and prints it.
func run(ctx context.Context, o options) (err error) {
	list, err := chosen(o.only)
	if err != nil {
		return err
	}
	b := &bench{options: o}
	if b.dir, err = os.MkdirTemp("", "tryout-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.relay, err = openSilent(); err != nil {
		return err
	}
	defer b.relay.Close()
	defer b.stop()
	printMachine(os.Stdout)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	return b.report(ctx, os.Stdout, list)
}

// prepare builds the program, makes the data and starts what serves it.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.tryout == "" {
		if b.tryout, err = build(ctx, b.dir); err != nil {
			return err
		}
	}
	dir := filepath.Join(b.dir, "data")
	if b.data, err = seedDir(ctx, dir, b.testers, b.smallSkills()); err != nil {
		return fmt.Errorf("make the data: %w", err)
	}
	for _, copy := range []string{"raw", "rival"} {
		if err := copyData(dir, filepath.Join(b.dir, copy)); err != nil {
			return err
		}
	}
	if b.against != "" {
		if b.rival, err = startServer(ctx, b.against, filepath.Join(b.dir, "rival"), b.relay.Addr().String()); err != nil {
			return err
		}
	}
	b.server, err = startServer(ctx, b.tryout, dir, b.relay.Addr().String())
	return err
}

// smallSkills is how many adds of 500 a run can make before it runs out of
// skills that were not added to: 1,000 a second.
func (b *bench) smallSkills() int {
	return b.rounds * (int(2*(b.round+warmUp).Seconds()*1000) + 1)
}

func (b *bench) stop() {
	for _, s := range []*server{b.server, b.rival} {
		if s != nil {
			s.stop()
		}
	}
	if b.raw != nil {
		b.raw.conn.Close()
	}
	if b.postgres != nil {
		b.postgres.stop()
	}
}

// build makes the binary as it is released.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "tryout")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "tryout/cmd/tryout")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build tryout: %w", err)
	}
	return path, nil
}
