package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// pgbench is a fair other side only as long as it says what Tryout says: the
// transactions of a call, as the server logs them, are those of the script.
func TestPgbenchSaysWhatTryoutSays(t *testing.T) {
	t.Parallel()
	b, p := logging(t)
	if conn, err := dial(p.server.addr); err != nil {
		t.Fatal(err)
	} else if _, err := conn.ask(p.data.check(0, p.data.testers)(nil)); err != nil { // so that the token was read before
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		script string
		call   func() asker
	}{
		"list":  {listScript, func() asker { return p.data.walk("", 100, 0) }},
		"check": {checkScript, func() asker { return p.data.check(0, p.data.testers) }},
		"add":   {bulkScript, func() asker { return p.added.bulk(0) }},
		"add 1": {singleScript, func() asker { return p.added.single(0) }},
	} {
		from := fileSize(t, p.log())
		conn, err := dial(p.server.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ask(c.call()(nil)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		conn.Close()
		want := transactions(scripted(c.script))
		got := known(transactions(logged(t, p.log(), from)), want)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: Tryout said\n%s\nand pgbench says\n%s", name, asText(got), asText(want))
		}
	}
	for name, goal := range map[string]func(*bench, context.Context) (measured, error){"list": (*bench).pgList, "check": (*bench).pgCheck, "add": (*bench).pgBulk, "add 1": (*bench).pgSingle} {
		if _, err := goal(b, t.Context()); err != nil { // which counts rows
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The session is part of what is said.
func TestPgbenchHasTheStoresSettings(t *testing.T) {
	t.Parallel()
	store := source(t, "../internal/store/connect.go")
	for _, s := range sessionSettings {
		name, value, _ := strings.Cut(s, "=")
		if !strings.Contains(store, `"`+name+`": "`+value+`"`) {
			t.Errorf("internal/store does not set %s any more", s)
		}
	}
	if n := strings.Count(store, `": "off"`) + strings.Count(store, `"plan_`); n != len(sessionSettings) {
		t.Errorf("internal/store has %d settings for plans, pgbench %d", n, len(sessionSettings))
	}
}

// logging is a small bench whose server of PostgreSQL logs what is said.
func logging(t *testing.T) (*bench, *postgres) {
	dir, err := os.MkdirTemp("", "tryout-bench-test-") // not t's, where only root may go
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &bench{dir: dir, options: options{testers: 300, rounds: 1, round: 100 * time.Millisecond}}
	t.Cleanup(b.stop)
	if b.relay, err = openSilent(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.relay.Close() })
	if b.tryout, err = build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	p, err := b.onPostgres(context.WithoutCancel(t.Context()), "log_statement=all", "log_line_prefix=%a %p ", "log_parameter_max_length=0")
	switch {
	case errors.Is(err, errNoPostgres) && os.Getenv("CI") != "true":
		t.Skipf("NOT TESTED on PostgreSQL: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	return b, p
}

func fileSize(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}

// statement is one that was said on some connection.
type statement struct{ conn, text string }

var saying = regexp.MustCompile(`(?m)^tryout (\d+) LOG:  (?:execute [^:]+|statement): (.*(?:\n\t.*)*)`)

// logged returns what Tryout said since the log had a length.
func logged(t *testing.T, log string, from int) (list []statement) {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(log))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range saying.FindAllStringSubmatch(string(text[from:]), -1) {
		list = append(list, statement{m[1], plain(m[2])})
	}
	return list
}

var (
	command  = regexp.MustCompile(`(?m)^\\set .*$`)
	end      = regexp.MustCompile(`;|\\gset \w+`)
	made     = regexp.MustCompile(`concat\((?:[^()]|\([^()]*\))*\)`)
	variable = regexp.MustCompile(`(^|[^:]):\w+(?:::(?:bigint|text|bytea))?`)
)

// scripted returns what a script says.
func scripted(script string) (list []statement) {
	text := made.ReplaceAllString(command.ReplaceAllString(script, ""), "$$0")
	text = variable.ReplaceAllString(text, "$1$$0")
	for _, s := range end.Split(text, -1) {
		if s = plain(s); s != "" {
			list = append(list, statement{text: s})
		}
	}
	return list
}

// transactions puts together what belongs together, in the order of beginning.
func transactions(list []statement) (all [][]string) {
	open := map[string]int{}
	for _, s := range list {
		i, began := open[s.conn]
		if !began {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], s.text)
		switch word, _, _ := strings.Cut(s.text, " "); word {
		case "begin":
			open[s.conn] = i
		case "commit", "rollback":
			delete(open, s.conn)
		}
	}
	return all
}

// known are the transactions that ask first what one of others does: the server
// also works by itself.
func known(list, others [][]string) (some [][]string) {
	for _, one := range list {
		if slices.ContainsFunc(others, func(o []string) bool { return slices.Equal(o[:min(2, len(o))], one[:min(2, len(one))]) }) {
			some = append(some, one)
		}
	}
	return some
}

func asText(list [][]string) string {
	var text []string
	for _, one := range list {
		text = append(text, strings.Join(one, "\n"))
	}
	return strings.Join(text, "\n\n")
}
