package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tryout/deploy"
)

func (s *setup) hasUnit() bool { return s.Systemd || s.file.path == unitEnv }

// hasOwnData reports whether the data lie where the unit would not put them.
func (s *setup) hasOwnData() bool { return s.Database == "" && s.Data != rootData }

// hides reports whether the service of a unit that is yet to be written would
// not see a directory (ProtectHome=).
func (s *setup) hides(dir string) bool {
	if _, err := os.Stat(s.unitPath()); err == nil || !s.hasUnit() {
		return false
	}
	return slices.ContainsFunc([]string{"/home/", "/root/", "/run/user/"}, func(home string) bool { return strings.HasPrefix(dir+"/", home) })
}

// saveUnit writes the unit where there is none; one that is there is somebody's.
func (s *setup) saveUnit(context.Context) error {
	if !s.hasUnit() {
		return nil
	}
	path, unit := s.unitPath(), strings.ReplaceAll(deploy.Unit, unitEnv, s.file.path)
	if s.hasOwnData() { // which the unit would hide, and the settings name
		unit = strings.Replace(unit, "Environment=TRYOUT_DATA="+rootData, "ReadWritePaths="+s.Data, 1)
	}
	now, err := os.ReadFile(path)
	switch {
	case err == nil && string(now) == unit:
		s.say("unit", "%s: unchanged", path)
		return nil
	case err == nil:
		s.say("unit", "%s: left alone, though it is not the one of this version", path)
		return nil
	}
	if err := replaceFile(path, unit, 0o644); err != nil {
		return err
	}
	if isRoot() {
		s.say("unit", "%s: wrote it", path)
	} else {
		s.say("unit", "%s: wrote it; only root can install it, as is told below", path)
	}
	return nil
}

func (s *setup) unitPath() string { return filepath.Join(filepath.Dir(s.file.path), "tryout.service") }
