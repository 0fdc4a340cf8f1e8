package main

import (
	"fmt"
	"os"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// writer makes what writes all our mail; host stands in its Message-IDs.
func (s settings) writer(host string) (*mail.Writer, error) {
	w, err := newWriter(s.mailFrom, host, s.wording)
	if err != nil {
		return nil, err
	}
	w.ReplyTo = s.replyTo
	if s.dkim != nil {
		w.Signer = s.dkim
	}
	return w, nil
}

func (c *checker) email(flag, value string) beta.Email {
	if value == "" {
		return beta.Email{}
	}
	email, err := beta.ParseEmail(value)
	if err != nil {
		c.wrong(flag, "%v", err)
	}
	return email
}

// dkim reads the key; nil means that nothing is signed.
func (c *checker) dkim(domain, selector, file string) *mail.DKIM {
	if domain == "" && selector == "" && file == "" {
		return nil
	}
	if domain == "" || selector == "" || file == "" {
		c.wrong("dkim-key", "and --dkim-domain and --dkim-selector go together")
		return nil
	}
	d, err := readDKIM(domain, selector, file)
	if err != nil {
		c.wrong("dkim-key", "%v", err)
	}
	return d
}

func readDKIM(domain, selector, file string) (*mail.DKIM, error) {
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d, err := mail.NewDKIM(domain, selector, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}
