package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Cluster is PostgreSQL under Patroni, with one etcd: as many servers as there
// are in it, one of them the primary. It ends with the test.
type Cluster struct {
	Address string // of all, for tryout

	t     testing.TB
	dir   string
	etcd  string // host:port
	nodes []*node
}

// NewCluster returns a cluster of n servers that is whole. deploy is the folder
// with the configuration of a node, patroni.yml, which is used as it is but for
// the folders that it names. Where Patroni or etcd is missing the test is
// skipped, and under CI it fails.
func NewCluster(t testing.TB, deploy string, n int) *Cluster {
	t.Helper()
	need(t, missing("patroni", "etcd"))
	dir, err := os.MkdirTemp("", "tryout-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, dir: dir, etcd: loopback(t)}
	c.copyConfig(deploy)
	c.keepEtcd()
	var hosts []string
	for i := range n {
		c.nodes = append(c.nodes, c.newNode(fmt.Sprint("db", i+1)))
		hosts = append(hosts, c.nodes[i].postgres)
	}
	query := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {filepath.Join(dir, "ca.crt")}, "target_session_attrs": {"read-write"}}
	c.Address = "postgres://tryout:" + secret + "@" + strings.Join(hosts, ",") + "/tryout?" + query.Encode()
	for _, node := range c.nodes {
		node.start()
	}
	c.AwaitWhole()
	return c
}

func missing(programs ...string) error {
	if len(postgresBins()) == 0 {
		return errNoPostgres
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return errors.Join(errNoPostgres, err)
		}
	}
	return nil
}

// loopback returns a free address of this machine.
func loopback(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

// copyConfig puts the configuration into the cluster's folder, which takes the
// place of those that it names, and certificates beside it.
func (c *Cluster) copyConfig(deploy string) {
	c.t.Helper()
	for _, name := range []string{"patroni.yml", "patroni.sql"} {
		text, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil {
			c.t.Fatal(err)
		}
		for _, folder := range []string{"/etc/patroni", "/var/run/postgresql"} {
			if name == "patroni.yml" && !strings.Contains(string(text), folder) {
				c.t.Fatalf("%s does not name the folder %s", name, folder)
			}
			text = []byte(strings.ReplaceAll(string(text), folder, c.dir))
		}
		if err := os.WriteFile(filepath.Join(c.dir, name), text, 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	writeCertificate(c.t, c.dir)
}

func (c *Cluster) keepEtcd() {
	c.t.Helper()
	client, peer := "http://"+c.etcd, "http://"+loopback(c.t)
	c.keep("etcd", nil, "etcd", "--data-dir", filepath.Join(c.dir, "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
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
		cmd.SysProcAttr, err = unprivileged(append(files, c.dir)...)
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

// member is what Patroni says of a node.
type member struct {
	Name, Role, State string
	Timeline          int
	Lag               any // bytes, or "unknown"
}

// members asks any node that answers.
func (c *Cluster) members() (list []member) {
	var answer struct{ Members []member }
	for _, n := range c.nodes {
		resp, err := asker.Get("http://" + n.rest + "/cluster")
		if err != nil {
			continue
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err == nil {
			return answer.Members
		}
	}
	return nil
}

var asker = http.Client{Timeout: 5 * time.Second}

// Crash kills the primary and its Patroni, as kill -9 does, and returns which
// server it was.
func (c *Cluster) Crash() int {
	c.t.Helper()
	leader := c.leader()
	leader.kill()
	return slices.Index(c.nodes, leader)
}

func (c *Cluster) leader() *node {
	c.t.Helper()
	list := c.members()
	for _, n := range c.nodes {
		if slices.ContainsFunc(list, func(m member) bool { return m.Name == n.name && m.Role == "leader" }) {
			return n
		}
	}
	c.t.Fatalf("no primary among %+v", list)
	return nil
}

// Loosen has the primary acknowledge what it has stored by itself, and cuts the
// standbys off from it.
func (c *Cluster) Loosen() {
	c.t.Helper()
	leader := c.leader()
	superuser := "postgres://postgres:" + secret + "@/postgres?host=" + url.QueryEscape(c.dir) + "&port=" + leader.postgres[strings.LastIndex(leader.postgres, ":")+1:]
	c.configure(leader, `{"synchronous_mode": false, "synchronous_mode_strict": false}`)
	for begun := time.Now(); Rows(c.t, superuser, "show synchronous_standby_names")[0][0] != ""; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			c.t.Fatal("the primary waits for its standbys all the same")
		}
	}
	if err := run(c.t.Context(), superuser, "alter role replicator nologin; select pg_terminate_backend(pid) from pg_stat_replication"); err != nil {
		c.t.Fatal(err)
	}
}

// configure changes the configuration of the cluster.
func (c *Cluster) configure(n *node, change string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPatch, "http://"+n.rest+"/config", strings.NewReader(change))
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth("patroni", secret)
	resp, err := asker.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("change the configuration of Patroni: %s", resp.Status)
	}
}

// Return starts a server again that was killed, and waits until it is of use:
// all follow one primary, and one of them so closely that no commit is
// acknowledged without it.
func (c *Cluster) Return(n int) {
	c.t.Helper()
	c.nodes[n].start()
	c.AwaitWhole()
}

// AwaitWhole waits until every server has its place.
func (c *Cluster) AwaitWhole() {
	c.t.Helper()
	for begun := time.Now(); !c.isWhole(); time.Sleep(100 * time.Millisecond) { // there is no event to wait for
		if time.Since(begun) > 2*time.Minute {
			c.t.Fatalf("the cluster does not become whole: %+v", c.members())
		}
	}
}

func (c *Cluster) isWhole() bool {
	roles, timelines := map[string]int{}, map[int]bool{}
	for _, m := range c.members() {
		if m.State != "running" && m.State != "streaming" || m.Role != "leader" && m.Lag != 0.0 {
			return false
		}
		roles[m.Role]++
		timelines[m.Timeline] = true
	}
	return roles["leader"] == 1 && roles["sync_standby"] == 1 && roles["replica"] == len(c.nodes)-2 && len(timelines) == 1
}

// Timeline is that of the primary.
func (c *Cluster) Timeline() int {
	c.t.Helper()
	n, err := strconv.ParseInt(Rows(c.t, c.Address, "select left(pg_walfile_name(pg_current_wal_lsn()), 8)")[0][0], 16, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return int(n)
}
