package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// process is one that is measured.
type process struct {
	addr string // that it serves at
	pid  int
}

// itself is this process, where the other side runs in it.
var itself = process{pid: os.Getpid()}

// tick is the unit of time in /proc (USER_HZ), the same on every Linux.
const tick = 10 * time.Millisecond

// spent is the processor time that the process has used: a figure that other
// work on the machine hardly changes. Zero where there is no /proc.
func (p process) spent() time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	_, rest, _ := strings.Cut(string(stat), ") ") // after the name, which may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

// memory is what the process has in memory now, in MiB.
func (p process) memory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kB, err := strconv.Atoi(firstWord(strings.TrimSpace(rest)))
			return float64(kB) / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in the status of process %d", p.pid)
}
