package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// envFile is a file of lines NAME=value as systemd reads them for a unit
// (EnvironmentFile=). Of its ways to write a value three are taken, which leave
// no doubt: plain, all of it in 'single quotes', or all of it in "double quotes".
// What is written here sh reads alike. Comments, other lines and their order are
// kept.
type envFile struct {
	lines  []string
	values map[string]string
	at     map[string]int // where in lines
}

// lineMistake is what is wrong in a line of a file, counted from 1.
type lineMistake struct {
	line int
	text string
}

var nameOfSetting = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseEnvFile(text string) (f envFile, mistakes []lineMistake) {
	f = envFile{values: map[string]string{}, at: map[string]int{}}
	for line := range strings.Lines(text) {
		f.lines = append(f.lines, strings.TrimSuffix(line, "\n"))
		if err := f.parseLine(len(f.lines) - 1); err != nil {
			mistakes = append(mistakes, lineMistake{len(f.lines), err.Error()})
		}
	}
	return f, mistakes
}

func (f *envFile) parseLine(n int) error {
	line := strings.TrimSpace(f.lines[n])
	if line == "" || line[0] == '#' || line[0] == ';' {
		return nil
	}
	name, text, found := strings.Cut(line, "=")
	if !found || !nameOfSetting.MatchString(name) {
		return fmt.Errorf("must be NAME=value, or begin with #")
	}
	if before, twice := f.at[name]; twice {
		return fmt.Errorf("%s is set in line %d already", name, before+1)
	}
	value, err := unquoteEnv(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.at[name], f.values[name] = n, value
	return nil
}

// In double quotes these have a backslash before them.
var inDoubleQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
var fromDoubleQuotes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")

var (
	plain        = regexp.MustCompile(`^[^'"\\]*$`)
	singleQuoted = regexp.MustCompile(`^'[^']*'$`)
	doubleQuoted = regexp.MustCompile("^\"([^\"\\\\$`]|\\\\[\"\\\\$`])*\"$")
)

func unquoteEnv(text string) (string, error) {
	switch text = strings.TrimSpace(text); {
	case plain.MatchString(text):
		return text, nil
	case singleQuoted.MatchString(text):
		return text[1 : len(text)-1], nil
	case doubleQuoted.MatchString(text):
		return fromDoubleQuotes.Replace(text[1 : len(text)-1]), nil
	}
	return "", fmt.Errorf("what has quotes or backslashes in it must stand in 'single quotes' as a whole")
}

func quoteEnv(value string) string {
	switch {
	case !strings.ContainsFunc(value, special):
		return value
	case !strings.Contains(value, "'"):
		return "'" + value + "'"
	}
	return `"` + inDoubleQuotes.Replace(value) + `"`
}

// set gives a setting a value, which has no line breaks. It reports whether that
// is another than before; only then is a line changed.
func (f *envFile) set(name, value string) bool {
	at, found := f.at[name]
	if found && f.values[name] == value {
		return false
	}
	if !found {
		at = len(f.lines)
		f.lines = append(f.lines, "")
	}
	f.at[name], f.values[name] = at, value
	f.lines[at] = name + "=" + quoteEnv(value)
	return true
}

func (f *envFile) String() string {
	if len(f.lines) == 0 {
		return ""
	}
	return strings.Join(f.lines, "\n") + "\n"
}

func oneLine(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }
