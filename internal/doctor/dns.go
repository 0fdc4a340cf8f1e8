package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// NewResolver returns one that asks the server at host:port, or, if that is
// empty, those of the system.
func NewResolver(server string) *net.Resolver {
	r := &net.Resolver{PreferGo: true}
	if server != "" {
		r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		}
	}
	return r
}

// rooted is a resolver that takes every name as a whole one, without trying the
// search list of this machine.
type rooted struct{ *net.Resolver }

func (r rooted) LookupTXT(ctx context.Context, name string) ([]string, error) {
	texts, err := r.Resolver.LookupTXT(ctx, root(name))
	return texts, r.unnamed(err)
}

func (r rooted) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	mx, err := r.Resolver.LookupMX(ctx, root(name))
	return mx, r.unnamed(err)
}

func (r rooted) LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error) {
	list, err := r.Resolver.LookupIPAddr(ctx, root(name))
	return list, r.unnamed(err)
}

func (r rooted) LookupAddr(ctx context.Context, address string) ([]string, error) {
	names, err := r.Resolver.LookupAddr(ctx, address)
	return names, r.unnamed(err)
}

// unnamed takes the server's name out of an error where another was asked: the
// library names the system's all the same.
func (r rooted) unnamed(err error) error {
	e, is := errors.AsType[*net.DNSError](err)
	if !is || r.Dial == nil {
		return err
	}
	unnamed := *e // which others may have been given too
	unnamed.Server = ""
	return &unnamed
}

func (d *Doctor) dns() rooted { return rooted{d.Resolver} }

func root(name string) string { return strings.TrimSuffix(name, ".") + "." }

func bare(name string) string { return strings.TrimSuffix(name, ".") }

// isNone reports whether the DNS said that there is no such record. Any other
// error leaves that open.
func isNone(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// silent is the finding of a check that got no answer.
func silent(check, name string, err error) Finding {
	return Finding{
		Check: check, Level: Bad,
		Found:  fmt.Sprintf("%s could not be looked up: %v.", bare(name), err),
		Change: "See that the name servers of this machine and of the domain answer, or ask another with --resolver.",
	}
}

// TXT returns a TXT record as a zone file has it, in strings that are short enough.
func TXT(name, text string) string {
	const most = 255 // octets of one string (RFC 1035, 3.3)
	var b strings.Builder
	fmt.Fprintf(&b, "%s IN TXT", root(name))
	for len(text) > most {
		fmt.Fprintf(&b, " %q", text[:most])
		text = text[most:]
	}
	fmt.Fprintf(&b, " %q", text)
	return b.String()
}

// reverseName returns the name that a PTR record stands at (RFC 1035, 3.5; RFC 3596, 2.5).
func reverseName(a netip.Addr) string {
	var b strings.Builder
	octets := a.Unmap().AsSlice()
	for i := len(octets) - 1; i >= 0; i-- {
		if len(octets) == 4 {
			fmt.Fprintf(&b, "%d.", octets[i])
		} else {
			fmt.Fprintf(&b, "%x.%x.", octets[i]&15, octets[i]>>4)
		}
	}
	if len(octets) == 4 {
		return b.String() + "in-addr.arpa."
	}
	return b.String() + "ip6.arpa."
}
