package doctor

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
)

// from checks that the sender's domain is one that takes mail: many receivers
// refuse senders who cannot be answered.
func (d *Doctor) from(ctx context.Context) []Finding {
	return one(d.post(ctx, "From domain", d.From, "Receivers refuse senders who cannot be answered."))
}

// returnPath checks that bounces can come back.
func (d *Doctor) returnPath(ctx context.Context) []Finding {
	return one(d.post(ctx, "return path", d.ReturnPath, "Bounces cannot come back."))
}

// post tells where an address's domain takes mail (RFC 5321, 5.1).
func (d *Doctor) post(ctx context.Context, check, address, otherwise string) Finding {
	name := domain(address)
	mx, err := d.dns().LookupMX(ctx, name)
	switch {
	case isNone(err):
		return d.withoutMX(ctx, check, name, otherwise)
	case err != nil && len(mx) == 0:
		return silent(check, name, err)
	case len(mx) == 1 && mx[0].Host == ".":
		return Finding{
			Check: check, Level: Bad, Found: name + " says that it takes no mail (a null MX).",
			Change: otherwise + " Send from a domain that takes mail, or name its mail server in an MX record.",
		}
	}
	return d.hosts(ctx, check, name, mx)
}

// withoutMX falls back on the domain's own address, as senders do.
func (d *Doctor) withoutMX(ctx context.Context, check, name, otherwise string) Finding {
	_, err := d.dns().LookupIPAddr(ctx, name)
	switch {
	case err == nil:
		return Finding{
			Check: check, Level: Warn, Found: name + " has no MX record; mail goes to its own address.",
			Change: "Publish an MX record, if that address is not where mail is taken.",
		}
	case isNone(err):
		return Finding{
			Check: check, Level: Bad, Found: name + " has neither an MX nor an address record.",
			Change: otherwise + " Publish an MX record that names the server which takes mail for the domain.",
		}
	}
	return silent(check, name, err)
}

// hosts checks that one of the mail servers has an address.
func (d *Doctor) hosts(ctx context.Context, check, name string, mx []*net.MX) Finding {
	var names []string
	var last error
	for _, m := range mx {
		names = append(names, bare(m.Host))
		_, err := d.dns().LookupIPAddr(ctx, m.Host)
		if err == nil {
			return Finding{Check: check, Level: OK, Found: fmt.Sprintf("%s takes mail at %s.", name, bare(m.Host))}
		}
		if last == nil || !isNone(err) {
			last = err
		}
	}
	if !isNone(last) {
		return silent(check, strings.Join(names, ", "), last)
	}
	slices.Sort(names)
	return Finding{
		Check: check, Level: Bad, Found: fmt.Sprintf("no mail server of %s has an address: %s.", name, strings.Join(names, ", ")),
		Change: "Publish an A or AAAA record for the server, or name another in the MX record.",
	}
}
