// Command bench measures Tryout and prints its goals beside what was
// seen.
//
// Figures of one machine at one moment say little, so nearly every goal is a
// ratio: Tryout against the best that could do the same work, here and now, the
// two measured by turns in short rounds of one run. Tryout is a real process,
// built as it is released and in its default configuration but for a raised
// cap. The other side is
//
//   - for what is read: a net/http server answering prepared bytes (static.go);
//   - for what is written: Tryout's own statements and pragmas on a connection
//     of their own, without HTTP, tokens, JSON and rules (raw.go);
//   - for delivery: net/smtp over connections kept open (bare.go);
//   - for PostgreSQL: pgbench, which says the same statements to the same server,
//     in a copy of the same database (pgbench.go, scripts.go).
//
// One generator asks both (conn.go, load.go). The data is a million testers in
// one skill, and small skills for the adds of 500 to have one each: testers of
// one test lie together, as they do in life.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	testers int
	rounds  int
	round   time.Duration
	only    string
	tryout  string
	against string
	profile string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "static" {
		exit(serveStatic(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == "edge" {
		exit(serveEdge(os.Args[2]))
	}
	if len(os.Args) == 2 && os.Args[1] == "sink" {
		exit(serveSink())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, parse()))
}

func parse() (o options) {
	flag.IntVar(&o.testers, "testers", 1_000_000, "testers in the one large skill; fewer for a quick look")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each goal: Tryout, the other side, Tryout ...")
	flag.DurationVar(&o.round, "round", 1500*time.Millisecond, "how long each side is measured in a round")
	flag.StringVar(&o.only, "only", "", "goals to measure, such as G5,G6; all when empty")
	flag.StringVar(&o.tryout, "tryout", "", "measure this program instead of building one")
	flag.StringVar(&o.against, "against", "", "put this build of Tryout in the other side's place, to see what a change brings")
	flag.StringVar(&o.profile, "profile", "", "directory for a CPU profile of each goal, where the server offers /debug/pprof/")
	flag.Parse()
	return o
}

// exit ends the process. Goals that were missed are a result, not a failure.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
