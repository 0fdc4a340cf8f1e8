package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tryout/internal/storetest"
)

// errNoPostgres is why what needs PostgreSQL was not measured.
var errNoPostgres = errors.New("there is no PostgreSQL in /usr/lib/postgresql; make bench installs it")

// cluster is a server of PostgreSQL of this run's own. It is as Debian ships it
// but for room: memory, and a log that need not be begun anew amid a round.
type cluster struct {
	bin, dir string
	cmd      *exec.Cmd
}

var clusterSettings = []string{
	"listen_addresses=", "max_connections=100", "shared_buffers=512MB", "max_wal_size=4GB", "synchronous_commit=on",
}

// startCluster makes a server in a new directory and returns when it answers.
func startCluster(ctx context.Context, dir string, settings ...string) (c *cluster, err error) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is good
	if len(bins) == 0 {
		return nil, errNoPostgres
	}
	c = &cluster{bin: bins[len(bins)-1], dir: dir}
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(filepath.Dir(dir), 0o711)); err != nil { // its owner must get there
		return nil, err
	}
	made := c.command(ctx, "initdb", "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
	if made.SysProcAttr, err = storetest.Unprivileged(dir); err != nil {
		return nil, err
	}
	if text, err := made.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, text)
	}
	c.cmd = c.command(ctx, "postgres", "-D", filepath.Join(dir, "data"), "-k", dir)
	for _, s := range slices.Concat(clusterSettings, settings) {
		c.cmd.Args = append(c.cmd.Args, "-c", s)
	}
	c.cmd.SysProcAttr = made.SysProcAttr
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGINT) } // sends all clients away, and ends in order
	return c, c.start(ctx)
}

func (c *cluster) start(ctx context.Context) (err error) {
	log, err := os.Create(c.log())
	if err != nil {
		return err
	}
	defer log.Close()
	c.cmd.Stderr = log
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	for begun := time.Now(); time.Since(begun) < patience && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if _, err = c.psql(ctx, "postgres", "select"); err == nil {
			return nil
		}
	}
	c.stop()
	return fmt.Errorf("PostgreSQL does not answer: %w", err)
}

func (c *cluster) log() string { return c.dir + ".log" }

// command is one of PostgreSQL's own programs.
func (c *cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.Dir = "/" // where anybody may be
	return cmd
}

// psql runs a statement and returns its rows, a line each.
func (c *cluster) psql(ctx context.Context, database, sql string) (string, error) {
	text, err := c.command(ctx, "psql", "-X", "-A", "-t", "-q", "-h", c.dir, "-U", "postgres", "-d", database, "-c", sql).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, text)
	}
	return strings.TrimSpace(string(text)), nil
}

// address is a database as --database takes it.
func (c *cluster) address(database string) string {
	return "postgres:///" + database + "?user=postgres&host=" + c.dir
}

func (c *cluster) process() process { return process{pid: c.cmd.Process.Pid, family: true} }

func (c *cluster) stop() {
	c.cmd.Process.Signal(syscall.SIGINT)
	c.cmd.Wait()
}
