package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tryout/internal/doctor"
	"tryout/internal/mail"
)

type dkimCreateCmd struct {
	jsonFlag
	Domain   string `required:"" help:"Domain to sign for: the one of --mail-from."`
	Selector string `required:"" help:"Name of the key among those of the domain, such as tryout1."`
	Ed25519  bool   `name:"ed25519" help:"A small and quick key, which many receivers do not know yet; otherwise RSA with 2048 bits."`
	Out      string `help:"File for the private key, which must not be there yet. Default: dkim-SELECTOR.pem." type:"path" placeholder:"FILE"`
}

// signing is what a new key needs: the file to keep and the record to publish.
type signing struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// Run makes a key and tells the record to publish.
func (c dkimCreateCmd) Run(io streams) error {
	key, err := mail.NewKey(c.Ed25519)
	if err != nil {
		return err
	}
	d, err := mail.NewDKIM(c.Domain, c.Selector, key)
	if err != nil {
		return usageError{err}
	}
	file, err := filepath.Abs(cmp.Or(c.Out, "dkim-"+c.Selector+".pem"))
	if err != nil {
		return err
	}
	if err := writeNew(file, key); err != nil {
		return err
	}
	name, text := d.Record()
	return c.print(io, signing{file, name, text}, fmt.Sprintf(
		"Publish this record, then look at it with tryout doctor:\n\n%s\n\nand give serve the key:\n\n--dkim-domain %s --dkim-selector %s --dkim-key %s",
		doctor.TXT(name, text), c.Domain, c.Selector, file))
}

// writeNew writes a secret into a file of its own, which nobody else can read.
func writeNew(path string, secret []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
