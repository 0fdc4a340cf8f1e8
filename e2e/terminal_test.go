package e2e_test

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// terminal is a program that believes it talks to a person: script(1) gives it
// a terminal of its own.
type terminal struct {
	t      *testing.T
	keys   io.WriteCloser
	exited chan error

	mu    sync.Mutex
	said  bytes.Buffer
	moved chan struct{} // closed when it says more
}

// startTerminal runs a command line of the shell.
func startTerminal(t *testing.T, line, dir string, env []string) *terminal {
	t.Helper()
	cmd := exec.Command("script", "--quiet", "--return", "--flush", "--command", line, "/dev/null")
	cmd.Env, cmd.Dir = append(env, "SHELL=/bin/sh", "TERM=xterm"), dir
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, keys: keys, exited: make(chan error, 1), moved: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = term, term
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { term.exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", term.text())
		}
	})
	return term
}

// Write takes what the program says.
func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.said.Write(p)
	close(term.moved)
	term.moved = make(chan struct{})
	return len(p), nil
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.said.String()
}

// answer waits for a question, and types the answer and a return.
func (term *terminal) answer(question, answer string) {
	term.t.Helper()
	term.await(question)
	if _, err := io.WriteString(term.keys, answer+"\r"); err != nil {
		term.t.Fatal(err)
	}
}

// await returns once the program has said something.
func (term *terminal) await(what string) {
	term.t.Helper()
	timeout := time.After(patience)
	for {
		term.mu.Lock()
		said, moved := strings.Contains(term.said.String(), what), term.moved
		term.mu.Unlock()
		if said {
			return
		}
		select {
		case <-moved:
		case err := <-term.exited:
			term.exited <- err
			term.t.Fatalf("the program ended (%v) before it said %q", err, what)
		case <-timeout:
			term.t.Fatalf("the program did not say %q within %v", what, patience)
		}
	}
}

// end waits until the program has ended well.
func (term *terminal) end() {
	term.t.Helper()
	select {
	case err := <-term.exited:
		term.exited <- err
		if err != nil {
			term.t.Fatalf("the program ended with %v", err)
		}
	case <-time.After(patience):
		term.t.Fatalf("the program did not end within %v", patience)
	}
}
