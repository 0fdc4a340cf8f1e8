//go:build !linux

package httpd

import (
	"errors"
	"net"
)

// ignoreHandshakes is known on Linux only.
func ignoreHandshakes(*net.TCPListener) error {
	return errors.ErrUnsupported
}
