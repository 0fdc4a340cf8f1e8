package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"tryout/internal/mail"
)

// leaves returns the addresses that mail leaves from for the world, as far as
// they are known. A relay that we sign in to is somebody's smarthost, and what
// it sends from is not the address that we reach it at.
func (d *Doctor) leaves(ctx context.Context) (list []netip.Addr) {
	if len(d.Leaves) > 0 {
		return d.Leaves
	}
	for _, c := range d.Relays {
		if !isSmarthost(c.Relay) {
			list = append(list, d.public(ctx, c.Relay.Host)...)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

func isSmarthost(r mail.Relay) bool { return r.User != "" }

// public returns the addresses of a host that the world can see. The host may be
// named as this machine alone knows it.
func (d *Doctor) public(ctx context.Context, host string) (list []netip.Addr) {
	found, _ := d.Resolver.LookupNetIP(ctx, "ip", host) // that it cannot be reached is told by the relay's check
	for _, a := range found {
		if a = a.Unmap(); a.IsGlobalUnicast() && !a.IsPrivate() {
			list = append(list, a)
		}
	}
	return list
}

// hidden says why no address is known.
func (d *Doctor) hidden() (found, change string) {
	for _, c := range d.Relays {
		if isSmarthost(c.Relay) {
			return fmt.Sprintf("mail goes out through %s, from addresses that are its provider's affair", c.Relay.Host), ""
		}
	}
	return "the relay is on this machine or network, and the address that its mail leaves from is not known here",
		"Say with --address which address that is."
}

// reverse checks that every address has a name which leads back to it: large
// receivers refuse mail from others.
func (d *Doctor) reverse(ctx context.Context) (findings []Finding) {
	list := d.leaves(ctx)
	for _, a := range list {
		findings = append(findings, d.reverseOf(ctx, a))
	}
	if len(list) > 0 {
		return findings
	}
	found, change := d.hidden()
	level := OK
	if change != "" {
		level = Warn
	}
	return one(Finding{Check: "reverse name", Level: level, Found: "not looked at: " + found + ".", Change: change})
}

func (d *Doctor) reverseOf(ctx context.Context, a netip.Addr) Finding {
	names, err := d.dns().LookupAddr(ctx, a.String())
	if err != nil && !isNone(err) {
		return silent("reverse name", a.String(), err)
	}
	for _, name := range names {
		back, err := d.dns().LookupIPAddr(ctx, name)
		if err != nil && !isNone(err) {
			return silent("reverse name", name, err)
		}
		if slices.ContainsFunc(back, func(b net.IPAddr) bool { return a.String() == b.String() }) {
			return Finding{Check: "reverse name", Level: OK, Found: fmt.Sprintf("%s is %s, which leads back to it.", a, bare(name))}
		}
	}
	return Finding{
		Check: "reverse name", Level: Bad, Found: astray(a, names),
		Change: "Have whoever gives you the address name it, and see that the name leads back to it. " +
			"Publish, with your mail server's name in the place of MAIL.EXAMPLE.COM:",
		Publish: reverseName(a) + " IN PTR MAIL.EXAMPLE.COM.",
	}
}

func astray(a netip.Addr, names []string) string {
	if len(names) == 0 {
		return fmt.Sprintf("%s has no name (no PTR record).", a)
	}
	return fmt.Sprintf("%s is called %s, which does not lead back to it.", a, bare(strings.Join(names, ", ")))
}
