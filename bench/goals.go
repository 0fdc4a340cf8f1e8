package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// goal is a line of the table.
type goal struct {
	id, what string
	target   target
	measure  func(*bench, context.Context) (measured, error)
}

// target is what a goal asks of the median.
type target struct {
	value  float64
	unit   string // empty for a ratio
	atMost bool
}

func atLeast(ratio float64) target             { return target{value: ratio} }
func atMost(value float64, unit string) target { return target{value, unit, true} }

// goals is the table, in the order of measuring: what grows the database comes
// after what only reads it.
var goals = []goal{
	{"G13", "memory when idle, just started", atMost(25, "MiB"), (*bench).memoryIdle},
	{"G1", "list 100, pages asked before / the same bytes, static", atLeast(0.90), (*bench).listAgain},
	{"G2", "list 100, walking, every page new / static", atLeast(0.40), (*bench).list100},
	{"G2b", "list 500, walking / static", atLeast(0.15), (*bench).list500},
	{"G3", "entitlement, 1,000 hot addresses / static", atLeast(0.90), (*bench).entitledHot},
	{"G4", "entitlement, uniform over all testers / static", atLeast(0.65), (*bench).entitledAny},
	{"G5", "add 500, 4 callers / raw transactions, same rows", atLeast(0.85), (*bench).addBulk},
	{"G6", "add 1, 32 callers / raw group commit, 32 callers", atLeast(0.70), (*bench).addMany},
	{"G7", "add 1, 1 caller / raw single commits", atLeast(0.55), (*bench).addOne},
	{"G10", "p99 of 3,000 lists/s beside 40 adds of 500/s / of static alone", atMost(1.5, ""), (*bench).tail},
	{"G13", "memory after all of the above", atMost(64, "MiB"), (*bench).memoryAfter},
	{"G14", "cold start: exec to first good answer", atMost(30, "ms"), (*bench).coldStart},
	{"G8", "delivery, call to receiver, 8 connections / bare net/smtp, 8", atLeast(0.95), (*bench).delivery},
	{"G16c", "PostgreSQL: list 100, walking, 8 connections / pgbench, 8", atLeast(0.5), (*bench).pgList},
	{"G16d", "PostgreSQL: entitlement over all testers, 8 connections / pgbench, 8", atLeast(0.5), (*bench).pgCheck},
	{"G16a", "PostgreSQL: add 500, 4 callers / pgbench, 4", atLeast(0.8), (*bench).pgBulk},
	{"G16b", "PostgreSQL: add 1, 32 callers / pgbench, 32", atLeast(0.7), (*bench).pgSingle},
	{"G15", "size of the stripped binary", atMost(30, "MB"), (*bench).binarySize},
}

// chosen returns the goals of a list such as "G5,G6"; all of them for an empty one.
func chosen(list string) ([]goal, error) {
	if list == "" {
		return goals, nil
	}
	var some []goal
	for id := range strings.SplitSeq(list, ",") {
		n := len(some)
		for _, g := range goals {
			if strings.EqualFold(g.id, id) {
				some = append(some, g)
			}
		}
		if len(some) == n {
			return nil, fmt.Errorf("there is no goal %q", id)
		}
	}
	return some, nil
}

// measured is what was seen of a goal, round by round.
type measured struct {
	values    []float64
	other     time.Duration // of processor time that the other side spent for each, with the server that both use
	asking    time.Duration // the same of who asks
	otherRate float64       // how many the other side did in a second
	note      string
}

// leaves is the processor time that Tryout may spend for each, if the ratio of what
// both sides take, with who asks, is to be target.
func (m measured) leaves(target float64) time.Duration {
	return time.Duration(float64(m.other+m.asking)/target) - m.asking
}

func (m measured) median() float64 { return median(m.values) }

// median is the upper one of the two in the middle where there are two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// verdict compares a median with the target.
func (t target) verdict(m measured) string {
	if len(m.values) == 0 {
		return "NOT MEASURED"
	}
	seen := m.median()
	switch {
	case t.atMost && seen <= t.value, !t.atMost && seen >= t.value:
		return "met"
	case t.atMost:
		return fmt.Sprintf("SHORT, %.2f times as much", seen/t.value)
	}
	return fmt.Sprintf("SHORT, %.2f of it", seen/t.value)
}
