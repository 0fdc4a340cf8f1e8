// Command tryout is a self-hosted server for the beta testers of a product. On
// the wire it is Amazon's Skill Management API for beta tests.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	addProcessor()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// addProcessor has one goroutine more run at once than there are processors,
// unless the environment says how many: who waits for the disk, in SQLite, would
// wait once more behind all who answer requests, to go on (decision 0029).
func addProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// streams are where a command writes: its answer, and what it has to say.
type streams struct{ out, err io.Writer }
