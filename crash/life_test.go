package crash_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// life is one process of the server.
type life struct {
	*site
	number     int // as the relay counts them
	begun      time.Time
	cmd        *exec.Cmd
	url, admin string
	said       chan struct{} // closed when both addresses are known
	exited     chan struct{}
	errs       findings      // whole once it exited
	ready      time.Duration // from exec to the first 200 of /readyz
}

// live starts a server and returns once it is ready.
func (s *site) live() *life {
	s.t.Helper()
	return s.await(s.exec(s.door, s.where))
}

// await returns once a server is ready.
func (s *site) await(l *life) *life {
	s.t.Helper()
	select {
	case <-l.said:
	case <-l.exited:
		s.t.Fatalf("tryout serve ended before it listened; %v", l.errs)
	case <-time.After(patience):
		s.t.Fatalf("tryout serve does not listen within %v", patience)
	}
	for !l.isReady() {
		if time.Since(l.begun) > patience {
			s.t.Fatalf("tryout serve is not ready within %v", patience)
		}
		time.Sleep(time.Millisecond) // there is no event to wait for
	}
	l.ready = time.Since(l.begun)
	return l
}

// exec starts a server. Messages that come through its door from now on are its own.
func (s *site) exec(through *door, where []string) *life {
	s.t.Helper()
	l := &life{site: s, number: through.nextLife(), begun: time.Now(), said: make(chan struct{}), exited: make(chan struct{}), errs: findings{}}
	l.cmd = s.command(where, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--cap", strconv.Itoa(testerCap),
		"--smtp", "smtp://"+through.addr, "--connections", strconv.Itoa(connections), "--mail-from", "beta@tryout.test")
	log, err := l.cmd.StderrPipe()
	if err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	go l.follow(log)
	s.t.Cleanup(func() { l.kill() })
	return l
}

// follow reads the log to its end: where the server listens, and what went wrong.
func (l *life) follow(log io.Reader) {
	defer close(l.exited)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20) // a stack is one line
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.Contains(line, `msg="listening for operators"`):
			l.admin = "http://" + value(line, "addr=")
		case strings.Contains(line, "msg=listening "):
			l.url = "http://" + value(line, "addr=")
			close(l.said)
		case strings.Contains(line, "level=INFO") || l.away && saysAway(line):
		default:
			l.errs.add(broken, "the server says: %s", line)
		}
	}
	io.Copy(io.Discard, log) // after a longer line: nobody must wait to be read
	l.cmd.Wait()             // the state tells
	if end := l.cmd.ProcessState.Sys().(syscall.WaitStatus); end.Signal() != syscall.SIGKILL {
		l.errs.add(broken, "the server ended by itself: %v", l.cmd.ProcessState)
	}
}

// saysAway reports whether a line of the log says that there was no primary.
func saysAway(line string) bool {
	return strings.Contains(line, "The database cannot be reached now") || strings.Contains(line, "The database went away while it stored this")
}

func value(line, key string) string {
	_, rest, _ := strings.Cut(line, key)
	text, _, _ := strings.Cut(rest, " ")
	return text
}

var asker = http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

func (l *life) isReady() bool {
	resp, err := asker.Get(l.admin + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the process as nothing else does: it has no say in it. It
// returns what the server complained of while it lived.
func (l *life) kill() findings {
	l.t.Helper()
	if err := l.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		l.t.Error(err)
	}
	<-l.exited
	return l.errs
}
