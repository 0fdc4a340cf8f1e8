package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// printMachine says where the figures come from.
func printMachine(w io.Writer) {
	load, _ := os.ReadFile("/proc/loadavg") // empty where there is none
	fmt.Fprintf(w, "%s  %d cores, %s, load %s\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		runtime.NumCPU(), processor(), firstWord(string(load)))
	fmt.Fprintf(w, "%s %s/%s  SQLite %s (modernc.org/sqlite), WAL, synchronous=FULL\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, sqlite.Version)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

const lineFormat = "%-4s  %-64s  %-10s  %-24s  %s\n"

// report measures goal after goal and prints a line for each as it is known.
func (b *bench) report(ctx context.Context, w io.Writer, list []goal) error {
	fmt.Fprintf(w, "%d testers in one skill; median of %d rounds of %v a side, by turns (least-most)\n", b.testers, b.rounds, b.round)
	if b.rival != nil {
		fmt.Fprintf(w, "the other side is %s\n", b.against)
	}
	fmt.Fprintf(w, "\n"+lineFormat, "goal", "what", "target", "measured", "verdict")
	for _, g := range list {
		b.goal, b.target = g.id, g.target.value
		m, err := g.measure(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", g.id, err)
		}
		fmt.Fprintf(w, lineFormat, g.id, g.what, g.target, b.seen(m, g.target.unit), g.target.verdict(m))
		if m.note != "" {
			fmt.Fprintf(w, "%-4s  %s\n", "", m.note)
		}
	}
	return nil
}

// String says what a target asks for.
func (t target) String() string {
	sign := "≥"
	if t.atMost {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s", sign, quantity(t.value, t.unit))
}

func (b *bench) seen(m measured, unit string) string {
	if len(m.values) == 0 {
		return "-"
	}
	text := quantity(m.median(), unit)
	if len(m.values) > 1 {
		text += fmt.Sprintf(" (%s-%s)", quantity(slices.Min(m.values), ""), quantity(slices.Max(m.values), ""))
	}
	return text
}

func quantity(v float64, unit string) string {
	if v >= 10 {
		return strings.TrimSpace(fmt.Sprintf("%.0f %s", v, unit))
	}
	return strings.TrimSpace(fmt.Sprintf("%.2f %s", v, unit))
}
