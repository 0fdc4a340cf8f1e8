// Package deploy has what the program hands out of this folder.
package deploy

import _ "embed"

// Unit runs Tryout under systemd, with the settings in /etc/tryout/env and the
// data in /var/lib/tryout.
//
//go:embed tryout.service
var Unit string
