package storetest

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Primary is a PostgreSQL server of a test's own that can be away. It does not
// wait for the disk either: what it committed outlives the process, not a power cut.
type Primary struct {
	Address string

	t        testing.TB
	dir      string
	settings []string
}

// NewPrimary returns a server that runs, at a port of the loopback.
func NewPrimary(t testing.TB) *Primary {
	t.Helper()
	return newPrimary(t, "")
}

// NewStandby returns a server that follows p, which does not wait for it.
func (p *Primary) NewStandby() *Primary {
	p.t.Helper()
	return newPrimary(p.t, p.Address)
}

func newPrimary(t testing.TB, of string) *Primary {
	t.Helper()
	at := loopback(t)
	_, port, _ := strings.Cut(at, ":")
	p := &Primary{Address: "postgres://postgres@" + at + "/postgres", t: t}
	p.settings = []string{"listen_addresses=127.0.0.1", "port=" + port}
	address, err := startServer(of, p.settings)
	need(t, err)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p.dir = u.Query().Get("host")
	return p
}

// Promote has a standby take writes, whatever became of the primary.
func (p *Primary) Promote() {
	p.t.Helper()
	p.control("promote")
}

// Crash ends the server at once, with all that it was doing.
func (p *Primary) Crash() {
	p.t.Helper()
	p.control("-m", "immediate", "stop")
}

// Return starts it again; it recovers first.
func (p *Primary) Return() {
	p.t.Helper()
	p.control("-l", filepath.Join(p.dir, "log"), "-o", serverOptions(p.dir, p.settings), "start")
}

func (p *Primary) control(args ...string) {
	p.t.Helper()
	bins := postgresBins()
	cmd := exec.Command(filepath.Join(bins[len(bins)-1], "pg_ctl"), append([]string{"-D", filepath.Join(p.dir, "data"), "-w", "-s"}, args...)...)
	cmd.Dir = "/"
	var err error
	if cmd.SysProcAttr, err = Unprivileged(p.dir); err == nil {
		err = cmd.Run()
	}
	if err != nil {
		p.t.Fatalf("pg_ctl %s: %v", args[len(args)-1], err)
	}
}

func postgresBins() []string {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	return bins
}

// serverOptions are the options of a server whose socket is in dir.
func serverOptions(dir string, settings []string) string {
	options := []string{"-F", "-c listen_addresses=", "-c max_connections=300", "-c unix_socket_directories=" + dir}
	for _, s := range settings {
		options = append(options, "-c "+s)
	}
	return strings.Join(options, " ")
}
