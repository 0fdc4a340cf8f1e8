package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tryout/internal/beta"
	"tryout/internal/bounce"
)

// The exit codes that mail servers know (sysexits.h). One that is told to try
// again keeps the message.
const (
	exitDamaged  = 65 // EX_DATAERR
	exitNoUser   = 67 // EX_NOUSER
	exitTryAgain = 75 // EX_TEMPFAIL
)

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

type bounceCmd struct {
	dataFlag
	Recipient string `help:"The address that the message came to. Default: from its header, or from our message in it." placeholder:"ADDR"`
}

// Run takes the returned message on standard input. It returns nil only when
// there is nothing left to do about it.
func (c bounceCmd) Run(ctx context.Context) error {
	message, err := io.ReadAll(io.LimitReader(os.Stdin, bounce.MaxSize+1))
	if err != nil {
		return codedError{err, exitTryAgain}
	}
	h, err := c.home()
	if err == nil && h.data != "" {
		_, err = os.Stat(filepath.Join(h.data, "tryout.db")) // or it would be made, and know nobody
	}
	if err != nil {
		return codedError{err, exitTryAgain}
	}
	s, err := h.open(ctx)
	if err != nil {
		return codedError{err, exitTryAgain}
	}
	defer s.Close()
	addresses, err := returnPaths(ctx, s, "")
	if err != nil {
		return codedError{err, exitTryAgain}
	}
	id, queued, found, err := readReturned(addresses, c.Recipient, message)
	if errors.Is(err, bounce.ErrNotABounce) {
		return nil
	}
	if err != nil {
		return err
	}
	r := &returns{service: service(s), log: slog.New(slog.DiscardHandler), count: func(string, string) {}}
	if err := r.received(ctx, id, queued, found); err != nil {
		return codedError{err, exitTryAgain}
	}
	return nil
}

// readReturned finds which mail came back: by where the message came to if that
// was told, else by its header or by our message in it.
func readReturned(addresses bounce.Addresses, recipient string, message []byte) (id beta.MailID, queued time.Time, found []bounce.Report, err error) {
	to := []string{recipient}
	if recipient == "" {
		to = bounce.DeliveredTo(message)
	}
	id, queued, ours := firstOurs(addresses, to)
	if recipient != "" && !ours {
		return id, queued, nil, codedError{errors.New("the recipient is no return path of ours"), exitNoUser}
	}
	if found, err = bounce.Read(bytes.NewReader(message)); err != nil {
		if !errors.Is(err, bounce.ErrNotABounce) {
			err = codedError{err, exitDamaged}
		}
		return id, queued, nil, err
	}
	if !ours {
		var paths []string
		for _, r := range found {
			paths = append(paths, r.ReturnPath)
		}
		if id, queued, ours = firstOurs(addresses, paths); !ours {
			return id, queued, nil, codedError{fmt.Errorf("none of %d addresses is a return path of ours", len(to)+len(paths)), exitNoUser}
		}
	}
	return id, queued, found, nil
}

// firstOurs returns the mail of the first address that is a return path of ours.
func firstOurs(addresses bounce.Addresses, list []string) (id beta.MailID, queued time.Time, ok bool) {
	for _, a := range list {
		if id, queued, ok = addresses.At(a).Parse(a); ok {
			break
		}
	}
	return id, queued, ok
}
