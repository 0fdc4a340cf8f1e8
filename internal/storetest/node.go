package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
)

// node is a server of a [Cluster], with its Patroni.
type node struct {
	*Cluster
	name           string
	postgres, rest string // host:port
	kill           func() // while it runs
}

func (c *Cluster) newNode(name string) *node {
	return &node{Cluster: c, name: name, postgres: loopback(c.t), rest: loopback(c.t)}
}

const secret = "secret"

// start runs Patroni, with the settings that deploy/patroni.yml leaves to the
// environment.
func (n *node) start() {
	n.t.Helper()
	data := filepath.Join(n.dir, n.name)
	bins := postgresBins()
	n.kill = n.keep(n.name, []string{
		"PATRONI_NAME=" + n.name,
		"PATRONI_ETCD3_HOSTS=" + n.etcd,
		"PATRONI_POSTGRESQL_LISTEN=" + n.postgres, "PATRONI_POSTGRESQL_CONNECT_ADDRESS=" + n.postgres,
		"PATRONI_POSTGRESQL_DATA_DIR=" + data, "PATRONI_POSTGRESQL_BIN_DIR=" + bins[len(bins)-1],
		"PATRONI_POSTGRESQL_PGPASS=" + data + ".pgpass",
		"PATRONI_RESTAPI_LISTEN=" + n.rest, "PATRONI_RESTAPI_CONNECT_ADDRESS=" + n.rest,
		"PATRONI_RESTAPI_USERNAME=patroni", "PATRONI_RESTAPI_PASSWORD=" + secret,
		"PATRONI_SUPERUSER_PASSWORD=" + secret, "PATRONI_REPLICATION_PASSWORD=" + secret, "PATRONI_REWIND_PASSWORD=" + secret,
		"DATABASE_PASSWORD=" + secret,
	}, "patroni", filepath.Join(n.dir, "patroni.yml"))
}

// keep runs a program as who is no root, until the returned function kills it,
// or the test ends.
func (c *Cluster) keep(name string, env []string, program ...string) (kill func()) {
	c.t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", guard, "guard", c.dir, name}, program...)...)
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=" + postgresBins()[len(postgresBins())-1] + ":" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}, env...)
	files, err := filepath.Glob(filepath.Join(c.dir, "*.*"))
	if err == nil {
		cmd.SysProcAttr, err = Unprivileged(append(files, c.dir)...)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	open, err := start(cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	kill = func() {
		open.Close()
		cmd.Wait()
	}
	c.t.Cleanup(kill)
	return kill
}

// guard runs a program until nobody is left at the other end of its standard
// input, however that came; then it kills the program and the postmaster that
// the program may have started.
const guard = `
	dir=$1 name=$2; shift 2
	"$@" >>"$dir/$name.log" 2>&1 </dev/null &
	echo ready; cat >/dev/null
	kill -9 $! $(head -n 1 "$dir/$name/postmaster.pid" 2>/dev/null)
	wait
	[ $name != etcd ] || rm -rf "$dir" # the last to go`
