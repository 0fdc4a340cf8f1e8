package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// alike returns err in words that are the same each time for the same trouble:
// without our port, the time of day, or which name server was asked.
func alike(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		op.Source = nil
	}
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError // other dials may have the same one: it is not changed
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return reworded{err, fmt.Sprintf("x509: certificate has expired or is not yet valid: it is from %s to %s", date(invalid.Cert.NotBefore), date(invalid.Cert.NotAfter))}
	case errors.As(err, &dns):
		return reworded{err, "lookup " + dns.Name + ": " + lookupTrouble(dns)}
	}
	return err
}

// lookupTrouble says why a name was not found.
func lookupTrouble(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "no such host"
	case err.IsTimeout:
		return "no answer in time"
	}
	return "no name server answers"
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// reworded is an error in other words.
type reworded struct {
	error
	words string
}

func (r reworded) Error() string { return r.words }
func (r reworded) Unwrap() error { return r.error }
