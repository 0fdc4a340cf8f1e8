package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// dkim checks that receivers can verify what we sign.
func (d *Doctor) dkim(ctx context.Context) []Finding {
	if d.DKIM == nil {
		return one(Finding{
			Check: "DKIM", Level: Warn, Found: "Tryout signs nothing itself.",
			Change: fmt.Sprintf("If the relay signs for %s, all is well. If not: tryout dkim create --domain %[1]s --selector tryout1.", domain(d.From)),
		})
	}
	var unanswered error
	name, text := d.DKIM.Record()
	err := d.DKIM.Verify(func(name string) ([]string, error) {
		texts, err := d.dns().LookupTXT(ctx, name)
		if err != nil && !isNone(err) {
			unanswered = err
		}
		return texts, err
	})
	switch {
	case unanswered != nil:
		return one(silent("DKIM", name, unanswered))
	case err != nil:
		return one(Finding{
			Check: "DKIM", Level: Bad, Found: fmt.Sprintf("receivers cannot verify our signature by %s: %s.", name, strings.TrimPrefix(err.Error(), "dkim: ")),
			Change: "Publish the record of the key that signs, and no other at this name:", Publish: TXT(name, text),
		})
	}
	return one(Finding{Check: "DKIM", Level: OK, Found: fmt.Sprintf("the record at %s fits the key.", name)})
}

// dmarc checks what the sender's domain asks of receivers, and whether mail from
// here can meet it (RFC 7489).
func (d *Doctor) dmarc(ctx context.Context) []Finding {
	name := domain(d.From)
	record, at, err := d.policy(ctx, name)
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		return one(Finding{
			Check: "DMARC", Level: Warn, Found: name + " has no DMARC record; large receivers ask for one.",
			Change: "Publish one. This one asks for nothing yet:", Publish: TXT("_dmarc."+organization(name), "v=DMARC1; p=none"),
		})
	case dmarc.IsTempFail(err):
		return one(silent("DMARC", at, err))
	case err != nil:
		return one(Finding{Check: "DMARC", Level: Bad, Found: fmt.Sprintf("%s cannot be read: %v.", at, err), Change: "Correct it, or receivers take it as none."})
	}
	return one(d.aligned(name, at, record))
}

// policy finds the record of a domain, or else of its organization.
func (d *Doctor) policy(ctx context.Context, name string) (record *dmarc.Record, at string, err error) {
	lookup := &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) { return d.dns().LookupTXT(ctx, name) }}
	record, err = dmarc.LookupWithOptions(name, lookup)
	if above := organization(name); errors.Is(err, dmarc.ErrNoPolicy) && above != name {
		if record, err = dmarc.LookupWithOptions(above, lookup); err == nil && record.SubdomainPolicy != "" {
			record.Policy = record.SubdomainPolicy
		}
		name = above
	}
	return record, "_dmarc." + name, err
}

// aligned judges whether SPF or DKIM can vouch for the domain that readers see.
func (d *Doctor) aligned(name, at string, r *dmarc.Record) Finding {
	f := Finding{Check: "DMARC", Level: OK}
	var by []string
	if matches(name, domain(d.ReturnPath), r.SPFAlignment) {
		by = append(by, "SPF")
	}
	if d.DKIM != nil && matches(name, d.DKIM.Domain(), r.DKIMAlignment) {
		by = append(by, "DKIM")
	}
	f.Found = fmt.Sprintf("%s says p=%s; %s can vouch for %s.", at, r.Policy, strings.Join(by, " and "), name)
	if by != nil {
		return f
	}
	f.Found = fmt.Sprintf("%s says p=%s, and nothing from here vouches for %s: its bounces go to %s%s.",
		at, r.Policy, name, domain(d.ReturnPath), d.signedFor())
	f.Change = fmt.Sprintf("Sign for %s (--dkim-domain), or see that the relay does.", name)
	if f.Level = Bad; r.Policy == dmarc.PolicyNone {
		f.Level = Warn
	}
	return f
}

func (d *Doctor) signedFor() string {
	if d.DKIM == nil {
		return ", and Tryout signs nothing itself"
	}
	return ", and it is signed for " + d.DKIM.Domain()
}

// matches reports whether a domain that was vouched for stands for the one seen
// (RFC 7489, 3.1).
func matches(seen, vouched string, mode dmarc.AlignmentMode) bool {
	if mode == dmarc.AlignmentStrict {
		return strings.EqualFold(seen, vouched)
	}
	return organization(seen) == organization(strings.ToLower(vouched))
}

// organization returns the domain that was registered; for one that nobody can
// register, itself.
func organization(name string) string {
	if above, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return above
	}
	return name
}
