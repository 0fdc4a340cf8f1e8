package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"tryout/deploy"
)

func (s *setup) hasUnit() bool { return s.Systemd || s.file.path == unitEnv }

// saveUnit writes the unit where there is none; one that is there is somebody's.
func (s *setup) saveUnit(context.Context) error {
	if !s.hasUnit() {
		return nil
	}
	path, unit := s.unitPath(), strings.ReplaceAll(deploy.Unit, unitEnv, s.file.path)
	if s.Database == "" && s.Data != rootData { // which the unit would hide, and the settings name
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
	s.say("unit", "%s: wrote it", path)
	return replaceFile(path, unit, 0o644)
}

func (s *setup) unitPath() string { return filepath.Join(filepath.Dir(s.file.path), "tryout.service") }
