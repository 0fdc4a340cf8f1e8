package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	given := false
	for i := 0; i < len(args); i++ {
		if value, is := strings.CutPrefix(args[i], "--config="); is {
			f.path, given = value, true
		} else if args[i] == "--config" {
			f.path, given = "", true
			if i++; i < len(args) {
				f.path = args[i]
			}
		} else {
			rest = append(rest, args[i])
		}
	}
	if given && f.path == "" { // such as --config "$MISSPELT"
		f.mistakes = append(f.mistakes, errors.New("--config: must name a file"))
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
