package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Where tryout.service looks.
const (
	unitEnv  = "/etc/tryout/env"
	rootData = "/var/lib/tryout"
)

func isRoot() bool { return os.Geteuid() == 0 }

const envHead = `# What tryout is told, for --config FILE and for systemd (EnvironmentFile=). All settings: tryout serve --help
# tryout init changes the lines whose settings it is given anew, and leaves all others alone.
`

// saveSettings writes the lines that changed, before anything else is made: the
// ids in it say to another run what this one was about to make.
func (s *setup) saveSettings(context.Context) error {
	if now, err := os.ReadFile(s.file.path); string(now) != s.file.text && err == nil {
		return fmt.Errorf("%s was changed meanwhile; run this again", s.file.path)
	}
	env, changed := s.file.env, []string{}
	if s.file.text == "" {
		env, _ = parseEnvFile(envHead)
	}
	for _, line := range s.lines() {
		if !oneLine(line[1]) {
			return usageError{fmt.Errorf("%s must be one line", line[0])}
		}
		if env.set(line[0], line[1]) {
			changed = append(changed, line[0])
		}
	}
	if len(changed) == 0 {
		s.say("settings", "%s: unchanged", s.file.path)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.file.path), 0o755); err != nil {
		return err
	}
	if err := replaceFile(s.file.path, env.String(), 0o600); err != nil {
		return err
	}
	s.say("settings", "%s: wrote %s", s.file.path, strings.Join(changed, ", "))
	return nil
}

// lines are the settings to be found in the file: what was asked, and what else
// was given now.
func (s *setup) lines() [][2]string {
	list := [][2]string{
		{"TRYOUT_PUBLIC_URL", s.PublicURL},
		{"TRYOUT_SMTP", strings.Join(s.SMTP, ",")},
		{"TRYOUT_MAIL_FROM", s.MailFrom},
	}
	switch {
	case s.Database != "":
		list = append(list, [2]string{"TRYOUT_DATABASE", s.Database}, [2]string{"TRYOUT_MASTER_KEY", s.MasterKey})
	case s.file.env.values["TRYOUT_DATABASE"] != "":
		list = append(list, [2]string{"TRYOUT_DATABASE", ""})
		fallthrough
	default:
		list = append(list, [2]string{"TRYOUT_DATA", s.dataAsWritten()})
	}
	list = append(list, [2]string{"TRYOUT_VENDOR", s.Vendor}, [2]string{"TRYOUT_SKILL", s.Skill})
	for _, f := range s.flags {
		if s.given[f.Name] && !slices.Contains(questioned, f.Name) {
			list = append(list, [2]string{f.Envs[0], textOfFlag(f)})
		}
	}
	return list
}

// dataAsWritten is the directory as the file has it, if it is that one.
func (s *setup) dataAsWritten() string {
	written := s.file.env.values["TRYOUT_DATA"]
	if path, err := filepath.Abs(written); written != "" && err == nil && path == s.Data {
		return written
	}
	return s.Data
}

func textOfFlag(f *kong.Flag) string {
	if list, is := f.Target.Interface().([]string); is {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(f.Target.Interface())
}
