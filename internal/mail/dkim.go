package mail

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer puts a signature before a finished message. It is safe for concurrent use.
type Signer interface {
	Sign(message []byte) ([]byte, error)
}

// DKIM signs for a domain (RFC 6376, and RFC 8463 for Ed25519), so that
// receivers know who answers for a message and that nobody changed it. It is
// safe for concurrent use.
type DKIM struct{ options dkim.SignOptions }

// signedFields are the fields that a signature covers, there or not. Each is
// named twice, so that nobody can add one, or put a second one before ours for
// readers to see (RFC 6376, 8.15).
var signedFields = slices.Repeat([]string{
	"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type",
	"Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
}, 2)

// NewDKIM returns a DKIM for a domain and a selector with the private key in a
// PEM file: Ed25519, or RSA of 2048 to 4096 bits. No error repeats the key.
func NewDKIM(domain, selector string, file []byte) (*DKIM, error) {
	switch {
	case !isName(domain):
		return nil, fmt.Errorf("domain %q: must be a domain name in ASCII", domain)
	case !isName(selector):
		return nil, fmt.Errorf("selector %q: must be letters, digits and hyphens, with or without dots between", selector)
	}
	key, err := readKey(file)
	if err != nil {
		return nil, err
	}
	return &DKIM{dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: key, HeaderKeys: signedFields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}}, nil
}

// isName reports whether s can be a name in the DNS, with room for another.
func isName(s string) bool {
	for label := range strings.SplitSeq(strings.ToLower(s), ".") {
		odd := strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
		if odd || label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
	}
	return len(s) <= 180
}

// Domain returns the domain that is signed for.
func (d *DKIM) Domain() string { return d.options.Domain }

// Sign returns the message under its signature, dated by the system's clock. The
// lines of the message must end in CRLF; then it survives the way over SMTP.
func (d *DKIM) Sign(message []byte) ([]byte, error) {
	s, err := dkim.NewSigner(&d.options)
	if err != nil {
		return nil, err
	}
	_, wrote := s.Write(message)
	if err := errors.Join(wrote, s.Close()); err != nil {
		return nil, err
	}
	return slices.Concat([]byte(s.Signature()), message), nil
}

// Record returns the TXT record that receivers look up: its name, without a dot
// at the end, and its text.
func (d *DKIM) Record() (name, text string) {
	name = d.options.Selector + "._domainkey." + d.options.Domain
	if key, is := d.options.Signer.Public().(ed25519.PublicKey); is {
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key)
	}
	der, err := x509.MarshalPKIXPublicKey(d.options.Signer.Public())
	if err != nil {
		panic("mail: an RSA key that cannot be written: " + err.Error())
	}
	return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// Verify signs a message and verifies it as a receiver would, who gets the TXT
// records of a name from lookup. The error says why it would not be accepted.
func (d *DKIM) Verify(lookup func(name string) ([]string, error)) error {
	signed, err := d.Sign([]byte("From: <a@" + d.options.Domain + ">\r\n\r\nIs the key known?\r\n"))
	if err != nil {
		return err
	}
	found, err := dkim.VerifyWithOptions(strings.NewReader(string(signed)), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil {
		return err
	}
	return found[0].Err
}
