package storetest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tryout/internal/tlstest"
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

// writeCertificate makes a certificate for the loopback, signed by itself:
// server.crt, server.key and ca.crt.
func writeCertificate(t testing.TB, dir string) {
	t.Helper()
	public, private := tlstest.New(t, tlstest.Subject{IP: "127.0.0.1", Until: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}).PEM(t)
	for name, text := range map[string][]byte{
		"server.crt": public, "ca.crt": public, "server.key": private,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
