// Package termtest gives a test a person at a terminal.
package termtest

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait for an event that should come at once.
const patience = 20 * time.Second

// Terminal is a program that believes it talks to a person: script(1) gives it
// a terminal of its own.
type Terminal struct {
	t      testing.TB
	keys   io.WriteCloser
	exited chan error

	mu    sync.Mutex
	said  bytes.Buffer
	heard int           // how much of it was waited for
	moved chan struct{} // closed when it says more
}

// Start runs a command line of the shell.
func Start(t testing.TB, line, dir string, env []string) *Terminal {
	t.Helper()
	cmd := exec.Command("script", "--quiet", "--return", "--flush", "--command", line, "/dev/null")
	cmd.Env, cmd.Dir = append(env, "SHELL=/bin/sh", "TERM=xterm"), dir
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{t: t, keys: keys, exited: make(chan error, 1), moved: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = term, term
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { term.exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", term.Text())
		}
	})
	return term
}

// Write takes what the program says.
func (term *Terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.said.Write(p)
	close(term.moved)
	term.moved = make(chan struct{})
	return len(p), nil
}

// Text is all that it shows so far.
func (term *Terminal) Text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.said.String()
}

// Answer waits for a question, and types the answer and a return.
func (term *Terminal) Answer(question, answer string) {
	term.t.Helper()
	term.Await(question)
	term.Type(answer + "\r")
}

// Type presses keys.
func (term *Terminal) Type(keys string) {
	term.t.Helper()
	if _, err := io.WriteString(term.keys, keys); err != nil {
		term.t.Fatal(err)
	}
}

// Await returns once the program has said something, after what was awaited
// before.
func (term *Terminal) Await(what string) {
	term.t.Helper()
	timeout := time.After(patience)
	for {
		said, moved := term.hear(what)
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

func (term *Terminal) hear(what string) (said bool, moved <-chan struct{}) {
	term.mu.Lock()
	defer term.mu.Unlock()
	at := strings.Index(term.said.String()[term.heard:], what)
	if at >= 0 {
		term.heard += at + len(what)
	}
	return at >= 0, term.moved
}

// End waits until the program has ended well.
func (term *Terminal) End() {
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
