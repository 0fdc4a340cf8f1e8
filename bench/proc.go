package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is one that is measured.
type process struct {
	addr   string // that it serves at
	pid    int
	family bool // its children are part of it
}

// itself is this process, where the other side runs in it.
var itself = process{pid: os.Getpid()}

// tick is the unit of time in /proc (USER_HZ), the same on every Linux.
const tick = 10 * time.Millisecond

// spent is the processor time that the process has used: a figure that other
// work on the machine hardly changes. Zero where there is no /proc.
func (p process) spent() time.Duration {
	own := stat(strconv.Itoa(p.pid))
	if !p.family {
		return own.used(11, 12)
	}
	all := own.used(11, 12, 13, 14) // with those of its children that have ended
	others, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range others {
		if child := stat(filepath.Base(dir)); len(child) > 1 && child[1] == strconv.Itoa(p.pid) {
			all += child.used(11, 12)
		}
	}
	return all
}

// fields are what /proc tells of a process, from its state on.
type fields []string

func stat(pid string) fields {
	text, _ := os.ReadFile("/proc/" + pid + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ") // after the name, which may hold spaces
	return strings.Fields(rest)
}

// used adds up fields that are ticks.
func (f fields) used(list ...int) (sum time.Duration) {
	for _, i := range list {
		if i < len(f) {
			ticks, _ := strconv.Atoi(f[i])
			sum += time.Duration(ticks) * tick
		}
	}
	return sum
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
