package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

func (f *configFile) loadTOML(text string, app *kong.Application) error {
	if _, err := toml.Decode(text, &f.values); err != nil {
		return fmt.Errorf("configuration file: %s: %w", f.path, err)
	}
	for key := range f.values {
		begins := regexp.MustCompile(`(?m)^[ \t["']*` + regexp.QuoteMeta(key) + `\b`).FindStringIndex(text)
		if begins != nil { // not in a way of writing keys that is legal and odd
			f.at[key] = 1 + strings.Count(text[:begins[0]], "\n")
		}
	}
	known := slices.Collect(maps.Values(settingNames(app.Node)))
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			f.wrongAt(f.at[key], fmt.Sprintf("there is no setting called %q", key))
		}
	}
	return nil
}

// loadEnv leaves variables to others that are not Tryout's.
func (f *configFile) loadEnv(text string, app *kong.Application) {
	env, mistakes := parseEnvFile(text)
	f.env, f.values = env, map[string]any{}
	known := settingNames(app.Node)
	for _, name := range slices.Sorted(maps.Keys(env.at)) {
		if key, is := known[name]; is {
			f.values[key], f.at[key] = env.values[name], env.at[name]+1
		} else if strings.HasPrefix(name, "TRYOUT_") {
			mistakes = append(mistakes, lineMistake{env.at[name] + 1, fmt.Sprintf("there is no setting called %q", name)})
		}
	}
	slices.SortFunc(mistakes, func(a, b lineMistake) int { return a.line - b.line })
	for _, m := range mistakes {
		f.wrongAt(m.line, m.text)
	}
}

func (f *configFile) wrongAt(line int, text string) {
	f.mistakes = append(f.mistakes, fmt.Errorf("%s:%d: %s", f.path, line, text))
}

// locate adds to each mistake in a setting that came from the file where it
// stands there.
func (f *configFile) locate(err error) error {
	list := slices.Clone(mistakesIn(err))
	if list == nil {
		return err
	}
	for i, e := range list {
		if m, is := e.(mistake); is && f.used[m.flag] > 0 {
			list[i] = fmt.Errorf("%s:%d: %w", f.path, f.used[m.flag], e)
		}
	}
	return usageError{errors.Join(list...)}
}

// place is where a setting was made, in words for whom is to look there: its line
// in the file, else both other ways.
func (f *configFile) place(flag string) string {
	switch line, is := f.used[flag]; {
	case line > 0:
		return fmt.Sprintf("line %d of %s", line, f.path)
	case is:
		return f.path
	}
	return "--" + flag + " or TRYOUT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// mistakesIn are those that were told together.
func mistakesIn(err error) []error {
	usage, _ := errors.AsType[usageError](err)
	if joined, are := usage.error.(interface{ Unwrap() []error }); are {
		return joined.Unwrap()
	}
	return nil
}

// wrong is every mistake in the file, or nil.
func (f *configFile) wrong() error {
	if f.mistakes == nil {
		return nil
	}
	return usageError{errors.Join(f.mistakes...)}
}

// key returns what a flag is called in the file: its name, unless its tag says
// otherwise.
func key(f *kong.Flag) string { return cmp.Or(f.Tag.Get("file"), f.Name) }
