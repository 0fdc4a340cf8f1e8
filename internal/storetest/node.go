package storetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
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

// writeCertificate makes a certificate for the loopback, signed by itself:
// server.crt, server.key and ca.crt.
func writeCertificate(t testing.TB, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, text := range map[string][]byte{
		"server.crt": public, "ca.crt": public,
		"server.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
