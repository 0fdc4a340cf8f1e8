package main

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is written is read back, by sh too.
func TestAValueWrittenIsTheValueRead(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "a", "a b", `"Games, Inc." <a@b.c>`, "it's $HOME `x` \\ \"", "#", "'", `\`, "é", " padded ", "a=b;c"} {
		f, _ := parseEnvFile("A=1\n")
		f.set("X", value)
		sh := exec.Command("sh", "-c", f.String()+`printf %s "$X"`)
		if got, err := sh.Output(); err != nil || string(got) != value {
			t.Errorf("%q is written as %q, of which sh reads %q, %v", value, f.lines[1], got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[^\x00-\x1f\x7f]*`).Draw(t, "value")
		f, _ := parseEnvFile("# head\nX=old\nA=1")
		f.set("X", value)
		again, mistakes := parseEnvFile(f.String())
		if mistakes != nil || again.values["X"] != value || again.values["A"] != "1" || again.lines[0] != "# head" {
			t.Errorf("%q: got %v and %v from\n%s", value, again.values, mistakes, &f)
		}
	})
}

func TestALineThatLeavesDoubtIsAMistake(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"A=1":             "1",
		"  A=1 \r":        "1",
		"A= spaced out ":  "spaced out",
		"A='$x \"y\"'":    `$x "y"`,
		`A="\$x \"y\\"`:   `$x "y\`,
		"A=":              "",
		"A=a # no remark": "a # no remark",
	} {
		f, mistakes := parseEnvFile(line)
		if got, found := f.values["A"]; mistakes != nil || !found || got != want {
			t.Errorf("%q: got %q, %v, want %q", line, got, mistakes, want)
		}
	}
	for _, line := range []string{"A", "A =1", "export A=1", "=1", "1A=1", "A='1", `A="1`, "A=it's", `A="a"b`, `A=a\`, `A="$x"`, `A='a'b'`} {
		if _, mistakes := parseEnvFile("\n" + line); len(mistakes) != 1 || mistakes[0].line != 2 {
			t.Errorf("%q: got %v, want a mistake in line 2", line, mistakes)
		}
	}
	if f, mistakes := parseEnvFile("# A=1\n; B=2\n\n"); len(f.values) > 0 || mistakes != nil || f.String() != "# A=1\n; B=2\n\n" {
		t.Errorf("comments: got %v, %v", f.values, mistakes)
	}
}

func TestSettingAValueLeavesOtherLinesAlone(t *testing.T) {
	t.Parallel()
	text := "# one\r\nA=1 \r\n\tB='2'\n; two\nC=3"
	f, _ := parseEnvFile(text)
	if f.set("B", "2") || f.String() != text+"\n" {
		t.Errorf("the same value: got %q", f.String())
	}
	if !f.set("C", "4 5") || !f.set("D", "") || f.String() != strings.TrimSuffix(text, "C=3")+"C='4 5'\nD=\n" {
		t.Errorf("got %q", f.String())
	}
}
