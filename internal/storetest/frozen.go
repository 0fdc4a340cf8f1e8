package storetest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Freeze stops the primary and its Patroni where they are, as a machine does that
// is suspended, and returns which server it was. It still takes connections, and
// answers none.
func (c *Cluster) Freeze() int {
	c.t.Helper()
	leader := c.leader()
	leader.signal(syscall.SIGSTOP)
	return slices.Index(c.nodes, leader)
}

// Thaw has a server go on that was frozen and does not know what it missed, and
// waits until every server has its place. Patroni before 3.0.3 may take the lock
// back for it from who has it (patroni/patroni#2689). Then it is killed, as its
// operator would do, and usurped is true: nothing it said meanwhile counts.
func (c *Cluster) Thaw(n int) (usurped bool) {
	c.t.Helper()
	newest := 0
	for _, m := range c.members() { // the frozen one would be waited for
		newest = max(newest, m.Timeline)
	}
	c.nodes[n].signal(syscall.SIGCONT)
	c.await("every server has its place, or the one that woke has the lock", func() bool {
		usurped = slices.ContainsFunc(c.members(), func(m member) bool {
			return m.Role == "leader" && m.Name == c.nodes[n].name && m.Timeline > 0 && m.Timeline < newest
		})
		return usurped || c.isWhole()
	})
	if usurped {
		c.nodes[n].kill()
		c.await("another has the lock", func() bool {
			return slices.ContainsFunc(c.members(), func(m member) bool { return m.Role == "leader" && m.Name != c.nodes[n].name && m.Timeline >= newest })
		})
		c.nodes[n].start()
		c.AwaitWhole()
	}
	return usurped
}

// signal goes to the node's Patroni, its postmaster, and all that they started.
func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	parents := n.roots()
	if len(parents) != 2 {
		n.t.Fatalf("%s: got processes %v, want Patroni and a postmaster", n.name, parents)
	}
	for i := 0; i < len(parents); i++ { // a parent first: what is stopped starts nothing
		if err := syscall.Kill(parents[i], s); err != nil && err != syscall.ESRCH {
			n.t.Fatal(err)
		}
		for _, p := range childrenOf(parents[i]) {
			if !slices.Contains(parents, p) {
				parents = append(parents, p)
			}
		}
	}
}

// roots are the node's Patroni, told by its environment, and the postmaster,
// told by its file.
func (n *node) roots() (pids []int) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range environs {
		environ, _ := os.ReadFile(name)
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if bytes.Contains(environ, []byte("PATRONI_POSTGRESQL_DATA_DIR="+filepath.Join(n.dir, n.name)+"\x00")) && bytes.Contains(command, []byte("/patroni\x00")) && !bytes.HasPrefix(command, []byte("sh\x00")) {
			pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
			pids = append(pids, pid)
		}
	}
	file, _ := os.ReadFile(filepath.Join(n.dir, n.name, "postmaster.pid"))
	first, _, _ := strings.Cut(string(file), "\n")
	if pid, err := strconv.Atoi(first); err == nil {
		pids = append(pids, pid)
	}
	return pids
}

func childrenOf(pid int) (list []int) {
	tasks, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	for _, name := range tasks {
		text, _ := os.ReadFile(name)
		for _, word := range strings.Fields(string(text)) {
			child, _ := strconv.Atoi(word)
			list = append(list, child)
		}
	}
	return list
}
