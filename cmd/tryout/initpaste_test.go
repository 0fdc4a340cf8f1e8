package main

import (
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// What is printed is pasted, with the server run from the file and, as systemd
// would, from the environment in it.
func TestWhatInitPrintsLeadsToAnInvitation(t *testing.T) {
	t.Parallel()
	newcomer(t) // who has curl
	p := newPlace(t)
	out, _ := p.init(exitOK, append([]string{"--listen", freeAddress(t), "--drain-grace", "1ms"}, p.flags...)...)
	lines := pasted(out)
	serve := exec.Command("sh", "-c", "exec "+strings.Fields(lines[0])[0]+" serve --config "+p.env)
	p.during(serve, func() {
		for i, want := range []string{"HTTP/1.1 204 ", "HTTP/1.1 202 "} {
			if answer := p.sh(lines[1], lines[2+i]); !strings.HasPrefix(answer, want) {
				t.Fatalf("%s: got %s, want %s", lines[2+i], answer, want)
			}
		}
		until(t, "the invitation", func() bool { return len(p.relay.seen()) == 2 })
	})
	if sent := p.relay.seen()[1]; !strings.HasPrefix(sent, "ann@owner.test\n") || !strings.Contains(sent, "https://beta.example.com/i/") {
		t.Errorf("got %s, want an invitation", sent)
	}
	again, _ := p.init(exitOK, "--skip-test-mail")
	p.during(exec.Command("sh", "-c", "set -a; . "+p.env+"; exec tryout serve"), func() {
		answer := p.sh(pasted(again)[1], strings.Replace(lines[2], "ann@owner.test", "bob@owner.test", 1))
		if !strings.HasPrefix(answer, "HTTP/1.1 204 ") {
			t.Errorf("with the token of a second run: got %s", answer)
		}
		beside, _ := p.init(exitOK, "--skip-test-mail", "--owner", "o'neil@owner.test")
		if !strings.Contains(beside, "o'neil@owner.test: created") {
			t.Errorf("beside a running server: got\n%s", beside)
		}
		if answer := p.sh(pasted(beside)[1:3]...); !strings.HasPrefix(answer, "HTTP/1.1 204 ") {
			t.Errorf("an owner with a quote in the address: got %s", answer)
		}
	})
}

// pasted are the lines that are indented.
func pasted(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line, is := strings.CutPrefix(line, "   "); is {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *newcomersPlace) sh(lines ...string) string {
	p.t.Helper()
	cmd := exec.Command("sh", "-e")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Env, cmd.Dir = p.command().Env, p.dir
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%q: %v", lines, err)
	}
	return string(out)
}

// during runs a server while something is done, and wants it to end well.
func (p *newcomersPlace) during(cmd *exec.Cmd, do func()) {
	p.t.Helper()
	log := newJournal()
	cmd.Env, cmd.Dir, cmd.Stderr = append(p.command().Env, "TRYOUT_LOG_FORMAT=json"), p.dir, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { err := cmd.Wait(); log.close(); done <- err }()
	defer cmd.Process.Kill() // where it has not ended
	log.await(p.t, "listening")
	do()
	cmd.Process.Signal(syscall.SIGTERM)
	if err := <-done; err != nil {
		p.t.Errorf("the server ended with %v\n%s", err, log)
	}
}
