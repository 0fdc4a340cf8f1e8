package httpd

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificates is a certificate and its key, read again when either file
// changes: renewing needs no restart. Make it with LoadCertificates.
type Certificates struct {
	certFile, keyFile string

	mu     sync.Mutex
	looked time.Time // when the files were last looked at
	seen   [2]stamp  // what they looked like when last read, well or not
	pair   *tls.Certificate
}

// LoadCertificates reads a PEM certificate chain and its key.
// It fails if either is unreadable or they do not belong together.
func LoadCertificates(certFile, keyFile string) (*Certificates, error) {
	c := &Certificates{certFile: certFile, keyFile: keyFile}
	if err := c.read(c.stamps()); err != nil {
		return nil, err
	}
	return c, nil
}

// current returns the pair to serve at a handshake. At most once a second it
// looks whether the files changed. A pair that cannot be read, one half of a
// renewal for instance, is logged once and the old one served on.
func (c *Certificates) current(now time.Time, log *slog.Logger) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < time.Second {
		return c.pair
	}
	c.looked = now
	stamps := c.stamps()
	if stamps == c.seen {
		return c.pair
	}
	if err := c.read(stamps); err != nil {
		log.Error("certificate not renewed", "err", err)
	} else {
		log.Info("certificate renewed", "expires", c.pair.Leaf.NotAfter)
	}
	return c.pair
}

// read loads the pair. stamps were taken before, so that a change during the read is seen the next time.
func (c *Certificates) read(stamps [2]stamp) error {
	c.seen = stamps
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	c.pair = &pair
	return nil
}

// stamp tells two states of a file apart; zero is a file that is not there.
type stamp struct {
	modified int64 // nanoseconds since 1970
	size     int64
}

func (c *Certificates) stamps() [2]stamp { return [2]stamp{stampOf(c.certFile), stampOf(c.keyFile)} }

func stampOf(file string) stamp {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{}
	}
	return stamp{modified: info.ModTime().UnixNano(), size: info.Size()}
}
