package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"blitiri.com.ar/go/spf"
)

// stranger is an address that nobody sends from (RFC 5737): whoever lets it pass
// lets everybody.
var stranger = netip.MustParseAddr("192.0.2.1")

// spf checks whether the envelope's domain lets our mail pass (RFC 7208).
func (d *Doctor) spf(ctx context.Context) []Finding {
	name := domain(d.ReturnPath)
	record, err := d.spfRecord(ctx, name)
	switch result, why := d.allows(ctx, stranger); {
	case err != nil:
		return one(silent("SPF", name, err))
	case result == spf.TempError:
		return one(silent("SPF", name, why))
	case result == spf.PermError:
		return one(brokenSPF(name, record, why))
	case record == "":
		return one(d.noSPF(ctx, name))
	case result == spf.Pass:
		return one(Finding{
			Check: "SPF", Level: Warn, Found: fmt.Sprintf("%s lets anybody send in its name: %s.", name, record),
			Change: "End the record in ~all or -all, and let it name only who may send.",
		})
	}
	return d.passes(ctx, name, record)
}

// passes judges each address that mail leaves from.
func (d *Doctor) passes(ctx context.Context, name, record string) (findings []Finding) {
	list := d.leaves(ctx)
	for _, a := range list {
		findings = append(findings, d.judge(ctx, name, record, a))
	}
	if len(list) > 0 {
		return findings
	}
	found, change := d.hidden()
	if change == "" {
		change = "Make sure that the record has the include: that its provider tells you to have."
	}
	return one(Finding{Check: "SPF", Level: Warn, Found: fmt.Sprintf("%s has %s; %s.", name, record, found), Change: change})
}

func (d *Doctor) judge(ctx context.Context, name, record string, a netip.Addr) Finding {
	switch result, why := d.allows(ctx, a); result {
	case spf.Pass:
		return Finding{Check: "SPF", Level: OK, Found: fmt.Sprintf("%s lets %s send: %s.", name, a, record)}
	case spf.TempError:
		return silent("SPF", name, why)
	case spf.PermError:
		return brokenSPF(name, record, why)
	}
	return Finding{
		Check: "SPF", Level: Bad, Found: fmt.Sprintf("%s does not let %s send: %s.", name, a, record),
		Change:  "Name the address in the record:",
		Publish: TXT(name, record[:len("v=spf1")]+" "+mechanism(a)+record[len("v=spf1"):]),
	}
}

func (d *Doctor) noSPF(ctx context.Context, name string) Finding {
	f := Finding{Check: "SPF", Level: Bad, Found: name + " has no SPF record.", Change: "Publish one that names who may send for it:"}
	mechanisms := []string{"v=spf1"}
	for _, a := range d.leaves(ctx) {
		mechanisms = append(mechanisms, mechanism(a))
	}
	if len(mechanisms) == 1 {
		if _, change := d.hidden(); change == "" {
			f.Change = "Publish the one that the relay's provider tells you to have."
		} else {
			f.Change = "Say with --address which addresses mail leaves from; then the record to publish is shown here."
		}
		return f
	}
	f.Publish = TXT(name, strings.Join(append(mechanisms, "~all"), " "))
	return f
}

func brokenSPF(name, record string, why error) Finding {
	f := Finding{
		Check: "SPF", Level: Bad, Found: fmt.Sprintf("the SPF record of %s cannot be used (%v): %s", name, why, record),
		Change: "Correct it: receivers take a record with a mistake as none.",
	}
	switch {
	case errors.Is(why, spf.ErrLookupLimitReached), errors.Is(why, spf.ErrVoidLookupLimitReached):
		f.Change = "Take out what is not needed: receivers look up at most ten names for it, and at most two that are not there."
	case errors.Is(why, spf.ErrMultipleRecords):
		f.Change = "Leave only one record that begins with v=spf1."
	}
	return f
}

// allows asks as a receiver would.
func (d *Doctor) allows(ctx context.Context, a netip.Addr) (spf.Result, error) {
	return spf.CheckHostWithSender(net.IP(a.AsSlice()), domain(d.ReturnPath), d.ReturnPath, spf.WithContext(ctx), spf.WithResolver(d.dns()))
}

// spfRecord returns the record as it stands, or nothing when there is none.
func (d *Doctor) spfRecord(ctx context.Context, name string) (string, error) {
	texts, err := d.dns().LookupTXT(ctx, name)
	if isNone(err) {
		return "", nil
	}
	for _, text := range texts {
		if version, _, _ := strings.Cut(text, " "); strings.EqualFold(version, "v=spf1") {
			return text, nil
		}
	}
	return "", err
}

// mechanism is what names an address in a record.
func mechanism(a netip.Addr) string {
	if a.Is4() {
		return "ip4:" + a.String()
	}
	return "ip6:" + a.String()
}
