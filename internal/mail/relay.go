package mail

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Relay says where mail is handed over.
type Relay struct {
	Host     string // a name or an address; a certificate must be made out to it
	Port     int
	TLS      bool   // TLS from the first octet (RFC 8314, 3.3); otherwise STARTTLS where it is offered
	User     string // empty: no AUTH
	Password string
}

// ParseRelay reads smtp[s]://[user:password@]host[:port]. User and password
// are percent-encoded where needed; without a port it is 25, or 465 for smtps.
// No error repeats the text, because a password may stand in it.
func ParseRelay(s string) (Relay, error) {
	u, err := url.Parse(s)
	switch scheme, _, _ := strings.Cut(s, "://"); {
	case !strings.EqualFold(scheme, "smtp") && !strings.EqualFold(scheme, "smtps"):
		return Relay{}, errors.New("must begin with smtp:// or smtps://, such as smtp://mail.example.com:587")
	case err != nil, u.Opaque != "":
		return Relay{}, errors.New("must be of the form smtp://user:password@host:port, with special characters percent-encoded (%40 for @, %2F for /)")
	case u.Hostname() == "":
		return Relay{}, errors.New("the host is missing")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		return Relay{}, errors.New("nothing may follow the port")
	}
	r := Relay{Host: u.Hostname(), TLS: u.Scheme == "smtps"}
	if r.Port, err = port(u.Port(), r.TLS); err != nil {
		return Relay{}, err
	}
	r.User = u.User.Username()
	r.Password, _ = u.User.Password()
	if (r.User == "") != (r.Password == "") {
		return Relay{}, errors.New("a user needs a password, and a password a user")
	}
	return r, nil
}

func port(s string, tls bool) (int, error) {
	switch {
	case s == "" && tls:
		return 465, nil
	case s == "":
		return 25, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errors.New("the port must be a number from 1 to 65535")
	}
	return int(n), nil
}

// Addr returns host:port.
func (r Relay) Addr() string { return net.JoinHostPort(r.Host, strconv.Itoa(r.Port)) }

// String returns the relay as a URL without its password.
func (r Relay) String() string {
	u := url.URL{Scheme: "smtp", Host: r.Addr()}
	if r.TLS {
		u.Scheme = "smtps"
	}
	if r.User != "" {
		u.User = url.User(r.User)
	}
	return u.String()
}

// GoString is String: %#v shows no password either.
func (r Relay) GoString() string { return fmt.Sprintf("mail.Relay(%q)", r.String()) }

// MarshalText is String: neither does JSON, nor a log written in it.
func (r Relay) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
