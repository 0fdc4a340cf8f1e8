package mailtest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// start returns when Postfix listens.
func (p *Postfix) start() {
	p.t.Helper()
	cmd := asRoot("postfix", "-c", filepath.Join(p.dir, "conf"), "start-fg")
	out, err := cmd.StdoutPipe()
	p.must(err)
	cmd.Stderr = cmd.Stdout
	p.must(cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.listen(bufio.NewScanner(out))
		cmd.Wait() // it is told to end, and has no other state
	}()
	p.t.Cleanup(func() {
		asRoot("postfix", "-c", filepath.Join(p.dir, "conf"), "abort").Run() // else it has ended, and has said why
		<-done
		if p.t.Failed() {
			p.t.Logf("postfix said:\n%s", p.Log())
		}
	})
	p.Await("daemon started")
}

func (p *Postfix) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		p.mu.Lock()
		p.said.WriteString(lines.Text() + "\n")
		p.news.Broadcast()
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.news.Broadcast()
}

// Log returns what Postfix has logged.
func (p *Postfix) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// Await waits until the log has words in it.
func (p *Postfix) Await(words string) {
	p.t.Helper()
	late := false
	defer time.AfterFunc(time.Minute, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.news.Broadcast()
	}).Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.said.String(), words) {
		if p.over || late {
			p.t.Fatalf("postfix did not say %q", words)
		}
		p.news.Wait()
	}
}

// asRoot is a command of the system's, as root.
func asRoot(name string, args ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		name, args = "sudo", append([]string{"-n", name}, args...)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	return cmd
}
