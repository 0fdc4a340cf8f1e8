package main

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"tryout/internal/storetest"
)

// steps is how many lines tryout init says of what it has done.
const steps = 8

// After each step the run is over, by a kill or, sharper, before anything of
// the next step: another run does the rest, and nothing twice.
func TestInitDoesWhatAnInterruptedRunLeft(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(p *newcomersPlace, after int){"killed": (*newcomersPlace).killed, "stopped": (*newcomersPlace).stopped} {
		for after := 1; after <= steps; after++ {
			p := newPlace(t)
			p.flags = append(p.flags, "--smtp", "smtp://"+openInbox(t).Addr().String(), "--relay", "", "--relay-user", "", "--relay-password-file", "")
			interrupt(p, after)
			env := p.read("env")
			out, _ := p.init(exitOK, p.flags...)
			if p.read("env") != env || !strings.Contains(out, "settings  "+p.env+": unchanged") {
				t.Errorf("%s after step %d: the settings were\n%s\nand are\n%s", name, after, env, p.read("env"))
			}
			for table, least := range map[string]string{"vendors": "1", "skills": "1", "tests": "1", "people": "1", "roles": "1", "clients": "1"} {
				if got := storetest.Rows(t, p.database, "select count(*) from "+table)[0][0]; got != least {
					t.Errorf("%s after step %d: %s of %s, want %s", name, after, got, table, least)
				}
			}
			p.checkScript(name, after)
		}
	}
}

// killed ends a run by a signal once it has said that much.
func (p *newcomersPlace) killed(after int) {
	p.t.Helper()
	cmd := p.command(append([]string{"init", "--config", p.env}, p.flags...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); after > 0 && lines.Scan(); after-- {
	}
	cmd.Process.Kill()
	cmd.Wait() // it was killed
	if after > 0 {
		p.t.Fatalf("it said %d steps less than it should", after)
	}
}

// stopped ends a run in the moment that it has said that much.
func (p *newcomersPlace) stopped(after int) {
	p.t.Helper()
	done, finished := make(chan struct{}), false
	go func() {
		defer close(done)
		run(p.t.Context(), append([]string{"init", "--config", p.env}, p.flags...), streams{&abyss{after}, io.Discard})
		finished = true
	}()
	if <-done; finished {
		p.t.Fatalf("it was not stopped after step %d", after)
	}
}

// abyss swallows whoever writes to it for the nth time.
type abyss struct{ left int }

func (a *abyss) Write(b []byte) (int, error) {
	if a.left--; a.left == 0 {
		runtime.Goexit()
	}
	return len(b), nil
}

// checkScript wants the script to have the client's secret or, where that was
// lost, to say so, and to be good once somebody has given it another.
func (p *newcomersPlace) checkScript(name string, after int) {
	p.t.Helper()
	client := storetest.Rows(p.t, p.database, "select id from clients")[0][0]
	script := p.read("ask-cli.sh")
	if !strings.Contains(script, "\nASK_LWA_CLIENT_ID="+client+"\n") {
		p.t.Errorf("%s after step %d: the script is not for %s:\n%s", name, after, client, script)
	}
	if secretInScript.FindStringSubmatch(script)[1] != "" {
		return
	}
	cmd := exec.Command("sh", filepath.Join(p.dir, "ask-cli.sh"))
	var errs bytes.Buffer
	cmd.Stderr, cmd.Env = &errs, p.command().Env
	if cmd.Run(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(errs.String(), "tryout client rotate") {
		p.t.Errorf("%s after step %d: the script without a secret ends with %v and says %q", name, after, cmd.ProcessState, &errs)
	}
	p.write("ask-cli.sh", secretInScript.ReplaceAllString(script, "ASK_LWA_CLIENT_CONFIRMATION=mine"))
	p.init(exitOK, "--skip-test-mail")
	if !regexp.MustCompile(`(?m)^ASK_LWA_CLIENT_CONFIRMATION=mine$`).MatchString(p.read("ask-cli.sh")) {
		p.t.Errorf("%s after step %d: another run takes a secret out that somebody wrote in", name, after)
	}
}
