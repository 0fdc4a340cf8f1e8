// Command tryout is a self-hosted server for the beta testers of a product. On
// the wire it is Amazon's Skill Management API for beta tests.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// streams are where a command writes: its answer, and what it has to say.
type streams struct{ out, err io.Writer }
