package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// openSilent opens a relay that takes connections and says nothing: mail stays
// in the outbox, and sending it does not compete with what is measured. (One
// that is not there would not do: a try at each mail and its failure are work.)
func openSilent() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// server is a process of Tryout.
type server struct {
	process
	cmd   *exec.Cmd
	admin string
	log   *os.File
}

// startServer starts a program on a data directory and returns when it is ready.
func startServer(ctx context.Context, program, dir, relay string, flags ...string) (*server, error) {
	s, err := execServer(ctx, program, dir, relay, flags...)
	if err != nil {
		return nil, err
	}
	return s, s.ready(ctx, program)
}

// startServerOn starts a program on a database of PostgreSQL; its log goes to a
// new directory.
func startServerOn(ctx context.Context, program, dir, database string, key []byte, relay string) (*server, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := execServer(ctx, program, dir, relay, "--database", database, "--master-key", hex.EncodeToString(key))
	if err != nil {
		return nil, err
	}
	return s, s.ready(ctx, program)
}

func (s *server) ready(ctx context.Context, program string) error {
	for ctx.Err() == nil && s.cmd.Process.Signal(syscall.Signal(0)) == nil {
		if answer, err := http.Get("http://" + s.admin + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.stop()
	return cmp.Or(ctx.Err(), fmt.Errorf("%s did not start; see its log", program))
}

// execServer only starts it. Its log, a line per request, goes to a file.
func execServer(ctx context.Context, program, dir, relay string, flags ...string) (s *server, err error) {
	s = &server{}
	if s.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.admin, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	s.cmd = exec.CommandContext(ctx, program, append([]string{"serve", "--data", dir, "--listen", s.addr,
		"--admin-listen", s.admin, "--smtp", "smtp://" + relay, "--mail-from", "beta@bench.example",
		"--cap", "100000000", "--drain-grace", "1ms"}, flags...)...)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	return s, nil
}

func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	s.log.Close()
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// child is this program started once more, as something else.
type child struct {
	cmd   *exec.Cmd
	addrs []string // that it listens on
}

// startChild starts one, which says on its first line where it listens.
func startChild(ctx context.Context, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...)}
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	c.addrs = strings.Fields(line)
	return c, err
}

func (c *child) spent() time.Duration { return process{pid: c.cmd.Process.Pid}.spent() }

func (c *child) stop() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}
