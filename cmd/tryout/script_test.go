package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	"tryout/internal/storetest"
)

func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "exits": exits, "mode": mode, "save": save,
			"postgres": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], storetest.NewPostgres(t))
			},
		},
	})
}

// exits is: exits CODE PROGRAM ARG...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err = ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// await is: await FILE. It waits for the file to be there.
func await(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Since(begun) > soon {
			ts.Fatalf("%s does not come to be", args[0])
		}
	}
}

// mode is: mode OCTAL FILE...
func mode(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args[1:] {
		info, err := os.Stat(ts.MkAbs(file))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", file, got, args[0])
		}
	}
}

// save is: save VARIABLE REGEXP. The variable gets what the expression's group
// matches in the last command's answer.
func save(ts *testscript.TestScript, _ bool, args []string) {
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("%s matches nothing", args[1])
	}
	ts.Setenv(args[0], match[1])
}

func TestEveryFlagTellsItsVariableAndItsDefault(t *testing.T) {
	t.Parallel()
	parser, err := newParser(t.Context(), streams{}, &configFile{})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(false) {
		if command.Name == "help" {
			continue
		}
		help := words(t, append(strings.Fields(command.Path()), "--help"))
		for _, flag := range flags(command) {
			if len(flag.Envs) != 1 || !strings.HasPrefix(flag.Envs[0], "TRYOUT_") {
				t.Fatalf("%s: --%s has the variables %q, want one that begins with TRYOUT_", command.Path(), flag.Name, flag.Envs)
			}
			variable := "($" + flag.Envs[0] + ")"
			if flag.Default != "" {
				variable = "Default: " + flag.Default + " " + variable
			}
			if !strings.Contains(help, " --"+flag.Name) || !strings.Contains(help, variable) {
				t.Errorf("%s: --%s and %s are not both in the help", command.Path(), flag.Name, variable)
			}
		}
	}
}

// words runs a command and returns its answer on one line.
func words(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, streams{&out, &errs}); code != 0 {
		t.Fatalf("%q: %d, %s", args, code, &errs)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func flags(n *kong.Node) (list []*kong.Flag) {
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			if f.Name != "help" {
				list = append(list, f)
			}
		}
	}
	return list
}
