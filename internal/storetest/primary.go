package storetest

import (
	"fmt"
	"net"
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
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().(*net.TCPAddr)
	free.Close()
	p := &Primary{Address: "postgres://postgres@" + at.String() + "/postgres", t: t}
	p.settings = []string{"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", at.Port)}
	u, err := url.Parse(NewServer(t, p.settings...))
	if err != nil {
		t.Fatal(err)
	}
	p.dir = u.Query().Get("host")
	return p
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
	if cmd.SysProcAttr, err = unprivileged(p.dir); err == nil {
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
