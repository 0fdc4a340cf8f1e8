package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tryout/internal/storetest"
)

// patience bounds every wait for an event that should come at once.
const patience = 20 * time.Second

// server is one running `tryout serve` with its own database and relay.
type server struct {
	url     string
	relay   *relay
	program string
	data    string
	where   []string // its database, in flags
	process *exec.Cmd
	exited  chan error
	stopped bool
}

// startServer returns once the server listens, and stops it when the test ends.
// A server that does not stop cleanly fails the test. The flags are for `serve`.
func startServer(t *testing.T, flags ...string) *server {
	t.Helper()
	needClients(t)
	program, err := buildTryout()
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	s := &server{
		url:     "http://" + addr,
		relay:   startRelay(t),
		program: program,
		data:    t.TempDir(),
	}
	s.where = []string{"--data", s.data}
	if storetest.OnPostgres() {
		s.where = []string{"--database", storetest.NewPostgres(t), "--master-key", strings.Repeat("0", 64)}
	}
	s.start(t, flags...)
	return s
}

// restart begins anew with other flags for `serve`.
func (s *server) restart(t *testing.T, flags ...string) {
	t.Helper()
	s.stop(t)
	s.start(t, flags...)
}

func (s *server) start(t *testing.T, flags ...string) {
	t.Helper()
	addr := strings.TrimPrefix(s.url, "http://")
	s.exited, s.stopped = make(chan error, 1), false
	s.process = s.command(append([]string{
		"serve",
		"--listen", addr,
		"--admin-listen", "127.0.0.1:0",
		"--public-url", s.url,
		"--smtp", "smtp://" + s.relay.addr,
		"--mail-from", "beta@tryout.test",
	}, flags...)...)
	log := watchLog(t, addr)
	s.process.Stderr = log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, exited := s.process, s.exited
	go func() { exited <- process.Wait() }()
	t.Cleanup(func() { s.stop(t) })

	select {
	case <-log.listening:
	case err := <-s.exited:
		s.stopped = true
		t.Fatalf("tryout serve ended before it listened: %v", err)
	case <-time.After(patience):
		t.Fatalf("tryout serve did not say within %v that it listens on %s", patience, addr)
	}
}

// stop asks the server to finish and waits until it has; a second call does
// nothing.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if s.stopped {
		return
	}
	s.stopped = true
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop tryout serve: %v", err)
	}
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("tryout serve, told to stop: %v", err)
		}
	case <-time.After(patience):
		t.Errorf("tryout serve did not stop within %v of SIGTERM", patience)
		_ = s.process.Process.Kill() // it may have ended just now
	}
}

func (s *server) createVendor(t *testing.T, name string) (id string) {
	t.Helper()
	return s.operate(t, "vendor", "create", "--name", name)["id"].(string)
}

// createSkill creates a skill of the vendor; more are further flags.
func (s *server) createSkill(t *testing.T, vendor, name string, more ...string) (id string) {
	t.Helper()
	args := append([]string{"skill", "create", "--vendor", vendor, "--name", name}, more...)
	return s.operate(t, args...)["id"].(string)
}

// createToken issues an access token for the vendor; more are further flags.
func (s *server) createToken(t *testing.T, vendor string, more ...string) (token string) {
	t.Helper()
	args := append([]string{"token", "create", "--vendor", vendor}, more...)
	return s.operate(t, args...)["access_token"].(string)
}

// operate runs one of the operator's commands beside the running server and
// returns the JSON object that it printed.
func (s *server) operate(t *testing.T, args ...string) map[string]any {
	t.Helper()
	cmd := s.command(append(args, "--json")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tryout %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	var printed map[string]any
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Fatalf("tryout %s printed %q: %v", strings.Join(args, " "), out, err)
	}
	return printed
}

// command prepares a run of the program on this server's data, free of any
// setting that the environment of the tests may hold.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.program, append(args, s.where...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.data}
	return cmd
}

// freeAddress returns a loopback address that nothing listened on a moment ago:
// the server has to be told its own URL before it has a port. It is none of the
// ports that the system gives to whoever asks for any.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
}

// serverLog keeps what the server writes to its standard error.
type serverLog struct {
	addr      string
	listening chan struct{} // closed once the server says that it listens on addr

	mu   sync.Mutex
	text bytes.Buffer
	said bool
}

// watchLog fails the test if the server logged an error, and shows the log if
// the test failed for whatever reason.
func watchLog(t *testing.T, addr string) *serverLog {
	l := &serverLog{addr: addr, listening: make(chan struct{})}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if strings.Contains(l.text.String(), "level=ERROR") {
			t.Error("the server logged an error")
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", &l.text)
		}
	})
	return l
}

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.said && l.saysListening() {
		l.said = true
		close(l.listening)
	}
	return len(p), nil
}

func (l *serverLog) saysListening() bool {
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, "listening") && strings.Contains(line, "addr="+l.addr) {
			return true
		}
	}
	return false
}
