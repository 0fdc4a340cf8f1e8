package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile is the optional file named by --config: a key for each flag in
// TOML, or a line for each variable of the environment.
type configFile struct {
	path     string
	mayMiss  bool // init makes it
	text     string
	env      envFile // of what is not TOML; tryout init writes it
	values   map[string]any
	at       map[string]int // the line of each key, counted from 1
	used     map[string]int // the line of each flag that got its value from here
	mistakes []error
}

// findConfig finds --config before anything else is parsed, since the file
// stands in for flags. For init there is always one, which may not be there yet.
func findConfig(args []string) *configFile {
	f, rest := &configFile{path: os.Getenv("TRYOUT_CONFIG")}, []string{}
	for i := 0; i < len(args); i++ {
		if value, is := strings.CutPrefix(args[i], "--config="); is {
			f.path = value
		} else if args[i] == "--config" && i+1 < len(args) {
			i++
			f.path = args[i]
		} else {
			rest = append(rest, args[i])
		}
	}
	if f.mayMiss = len(rest) > 0 && rest[0] == "init"; f.mayMiss {
		f.path = cmp.Or(f.path, initFile())
	}
	return f
}

// load reads the file: TOML where its name says so, else lines for the
// environment.
func (f *configFile) load(app *kong.Application) error {
	f.at, f.used = map[string]int{}, map[string]int{}
	if f.path == "" {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil && !(f.mayMiss && errors.Is(err, os.ErrNotExist)) {
		return fmt.Errorf("configuration file: %w", err)
	}
	f.text = string(text)
	if filepath.Ext(f.path) == ".toml" {
		return f.loadTOML(f.text, app)
	}
	f.loadEnv(f.text, app)
	return nil
}

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

// settingNames are the keys of all flags, by their variables.
func settingNames(n *kong.Node) map[string]string {
	names := map[string]string{}
	for _, f := range n.Flags {
		for _, variable := range f.Envs {
			names[variable] = key(f)
		}
	}
	for _, child := range n.Children {
		maps.Copy(names, settingNames(child))
	}
	return names
}

// Validate is part of kong.Resolver; mistakes are told with all others.
func (f *configFile) Validate(*kong.Application) error { return nil }

// Resolve gives a flag its value from the file, unless the environment has one,
// which kong would override. Lists become comma-separated.
func (f *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, found := f.values[key(flag)]
	if !found || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	f.used[flag.Name] = f.at[key(flag)]
	if list, ok := value.([]any); ok {
		parts := make([]string, len(list))
		for i, v := range list {
			parts[i] = fmt.Sprint(v)
		}
		return strings.Join(parts, ","), nil
	}
	return fmt.Sprint(value), nil
}

func isSet(variable string) bool {
	_, found := os.LookupEnv(variable)
	return found
}

// isOverruled reports whether the environment says something else than the file.
func (f *configFile) isOverruled(variable string) bool {
	value, found := os.LookupEnv(variable)
	written, same := f.env.values[variable]
	return found && (!same || written != value)
}
