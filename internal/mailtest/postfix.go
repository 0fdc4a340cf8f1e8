package mailtest

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Recipients that a Postfix refuses for good, and puts off.
const (
	Gone  = "gone@postfix.test"
	Later = "later@postfix.test"
)

// Postfix is Debian's own, in a folder of its own, on a port of the loopback. It
// offers STARTTLS with a certificate for 127.0.0.1, and relays what it takes. It
// neither reads nor changes the machine's configuration of Postfix.
type Postfix struct {
	Addr *net.TCPAddr
	CA   string         // the file of the certificate that vouches for it
	Pool *x509.CertPool // the same

	t    testing.TB
	dir  string
	mu   sync.Mutex
	said bytes.Buffer
	news *sync.Cond
	over bool
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = /dev/stdout
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtputf8_enable = yes
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_chain_files = %[1]s/chain.pem
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ {%[2]s = 550 5.1.1 nobody of this name}, {%[3]s = 450 4.2.1 greylisted} }, permit_mynetworks, reject
default_transport = smtp:[127.0.0.1]:%[4]d
`

// The services of master(5) that take mail by SMTP and pass it on, without chroot.
const postfixMaster = `127.0.0.1:%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
`

// OpenPostfix starts one that relays to next, and stops it with the test. Where
// that cannot be done the test is left out, loudly; under CI that is a failure.
func OpenPostfix(t testing.TB, next net.Addr) *Postfix {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil {
		leaveOut(t, "postfix is not installed, so no real relay takes our mail")
	}
	if err := asRoot("true").Run(); err != nil {
		leaveOut(t, "postfix runs only for root or sudo -n, so no real relay takes our mail")
	}
	p := &Postfix{t: t, Addr: freePort(t)}
	p.news = sync.NewCond(&p.mu)
	p.setUp(next.(*net.TCPAddr).Port)
	p.start()
	return p
}

func leaveOut(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("LEFT OUT: " + why)
}

// ports counts those that were looked at: no two tests look at one.
var ports atomic.Int64

// freePort returns one that nobody else is given for a connection meanwhile: it
// is below those that the system hands out.
func freePort(t testing.TB) *net.TCPAddr {
	t.Helper()
	for range 1000 {
		port := 20000 + (31*os.Getpid()+int(ports.Add(1)))%10000
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			defer l.Close()
			return l.Addr().(*net.TCPAddr)
		}
	}
	t.Fatal("no free port for postfix")
	return nil
}

// setUp makes the folder. Postfix's own user must be able to walk to it, so it
// cannot be one of the test's.
func (p *Postfix) setUp(next int) {
	p.t.Helper()
	p.must(func() (err error) { p.dir, err = os.MkdirTemp("", "postfix"); return }())
	p.t.Cleanup(func() { p.must(asRoot("rm", "-rf", p.dir).Run()) })
	p.must(os.Chmod(p.dir, 0o755))
	for _, d := range []string{"conf", "queue", "data"} {
		p.must(os.Mkdir(filepath.Join(p.dir, d), 0o755))
	}
	p.certify()
	p.write("conf/main.cf", fmt.Sprintf(postfixMain, p.dir, Gone, Later, next))
	p.write("conf/master.cf", fmt.Sprintf(postfixMaster, p.Addr.Port))
	p.must(asRoot("chown", "-R", "root:", p.dir).Run())
	p.must(asRoot("chown", "postfix", filepath.Join(p.dir, "data")).Run())
}

// certify takes the certificate of httptest, which is good for 127.0.0.1 and for
// nothing in the world.
func (p *Postfix) certify() {
	p.t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	p.must(err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	p.write("chain.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))+string(certificate))
	p.write("ca.pem", string(certificate))
	p.CA, p.Pool = filepath.Join(p.dir, "ca.pem"), x509.NewCertPool()
	p.Pool.AddCert(s.Certificate())
}

func (p *Postfix) write(name, text string) {
	p.t.Helper()
	p.must(os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644))
}

func (p *Postfix) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("postfix: %v", err)
	}
}
