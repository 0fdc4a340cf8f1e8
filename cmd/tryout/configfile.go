package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile is the optional file named by --config: one key per flag.
type configFile struct {
	path     string
	values   map[string]any
	mistakes []error // keys that no command has as a flag
}

// configPath finds --config before anything else is parsed, since the file
// stands in for flags.
func configPath(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			return value
		}
		if arg == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv("TRYOUT_CONFIG")
}

func (f *configFile) load(path string, app *kong.Application) error {
	if path == "" {
		return nil
	}
	f.path = path
	if _, err := toml.DecodeFile(path, &f.values); err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	known := flagNames(app.Node)
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			f.mistakes = append(f.mistakes, fmt.Errorf("%s: there is no setting called %q", path, key))
		}
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

func flagNames(n *kong.Node) (names []string) {
	for _, f := range n.Flags {
		names = append(names, key(f))
	}
	for _, child := range n.Children {
		names = append(names, flagNames(child)...)
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
