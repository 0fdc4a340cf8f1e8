package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"tryout/internal/mail"
)

const (
	soon  = 14 * 24 * time.Hour // a certificate that ends earlier is worth a word
	small = 1 << 20             // octets; our messages have a few thousand
)

// Relay goes as far with one of the relays as a mail would that has no
// recipient yet, and sends none.
func (d *Doctor) Relay(ctx context.Context, c *mail.Client) (findings []Finding) {
	seen, err := c.Probe(ctx, d.ReturnPath)
	fail, failed := errors.AsType[*mail.Failure](err)
	if failed && seen.TLS == nil { // it came no further than TLS
		return one(d.refusal(c, fail))
	}
	findings = append(findings, reached(c, seen), d.secured(c, seen))
	if c.Relay.User != "" && (!failed || fail.Step == "MAIL FROM") {
		findings = append(findings, Finding{Check: "relay sign-in", Level: OK, Found: fmt.Sprintf("%s let us in as %s.", c.Relay.Addr(), c.Relay.User)})
	}
	if failed {
		return append(findings, d.refusal(c, fail))
	}
	return append(findings, Finding{Check: "relay sender", Level: OK, Found: fmt.Sprintf("%s takes mail from %s.", c.Relay.Addr(), d.ReturnPath)})
}

func reached(c *mail.Client, seen mail.Probe) Finding {
	f := Finding{Check: "relay", Level: OK, Found: fmt.Sprintf("%s answers at %s.", c.Relay.Addr(), seen.Reached)}
	if seen.Size > 0 {
		f.Found = fmt.Sprintf("%s answers at %s and takes messages of up to %d octets.", c.Relay.Addr(), seen.Reached, seen.Size)
	}
	if seen.Size > 0 && seen.Size < small {
		f.Level, f.Change = Warn, "Have the relay take larger messages: a limit this small is hardly meant."
	}
	return f
}

func (d *Doctor) secured(c *mail.Client, seen mail.Probe) Finding {
	f := Finding{Check: "relay TLS", Level: OK}
	if seen.TLS != nil {
		return d.certified(c, seen.TLS)
	}
	if isLoopback(seen.Reached) {
		f.Found = "in clear, on this machine."
		return f
	}
	f.Level, f.Found = Warn, c.Relay.Addr()+" offers no STARTTLS: mail and links go in clear."
	f.Change = "Set up TLS on the relay, or use its smtps:// port."
	return f
}

// certified tells how long the certificate, which was verified, is still good.
func (d *Doctor) certified(c *mail.Client, state *tls.ConnectionState) Finding {
	ends := state.PeerCertificates[0].NotAfter
	left := ends.Sub(d.Now())
	f := Finding{Check: "relay TLS", Level: OK, Found: fmt.Sprintf("%s; the certificate is good for %s until %s, %d more days.",
		tls.VersionName(state.Version), c.Relay.Host, ends.UTC().Format(time.DateOnly), int(left.Hours()/24))}
	if left < soon {
		f.Level, f.Change = Warn, "Have the relay's certificate renewed: no mail leaves once it has ended."
	}
	return f
}

func isLoopback(a net.Addr) bool {
	tcp, is := a.(*net.TCPAddr)
	return is && tcp.IP.IsLoopback()
}

// refusal says what to do about a relay that let us go no further.
func (d *Doctor) refusal(c *mail.Client, fail *mail.Failure) Finding {
	f := Finding{Check: "relay", Level: Bad, Found: said(c, fail)}
	switch fail.Step {
	case "connect":
		f.Change = "See that the relay's host and port are right" + d.relaysIn() + ", that the relay runs, and that no firewall stands between. Many hosting providers block port 25; 587 or 465 is then the way."
	case "STARTTLS", "TLS":
		f.Check = "relay TLS"
		f.Change = "The certificate must be made out to " + c.Relay.Host + ", not have ended, and be signed by a root that this system trusts. smtps:// is for ports that begin with TLS, smtp:// for all others."
	case "AUTH":
		f.Check = "relay sign-in"
		f.Change = "See that user and password are right" + d.relaysIn() + ", percent-encoded where they stand in a URL, and that the relay offers AUTH over TLS."
	case "MAIL FROM":
		f.Check = "relay sender"
		f.Change = "Send from an address that the relay knows as ours, or ask whoever runs it to take this one."
	default:
		f.Change = "Ask whoever runs the relay why it does not let this machine in."
	}
	return f
}

func (d *Doctor) relaysIn() string {
	if d.RelaysIn == "" {
		return ""
	}
	return " (" + d.RelaysIn + ")"
}

// said is what happened, in the relay's own words where it had any.
func said(c *mail.Client, fail *mail.Failure) string {
	if fail.Err != nil {
		return fmt.Sprintf("%s at %s: %v.", fail.Step, c.Relay.Addr(), fail.Err)
	}
	return fmt.Sprintf("%s answered %s with %q.", c.Relay.Addr(), fail.Step, fail.Reply)
}

// Send hands a message to the first relay and tells its answer.
func (d *Doctor) Send(ctx context.Context, m mail.Message) Finding {
	c := d.Relays[0]
	reply, err := c.Send(ctx, func() (mail.Message, error) { return m, nil }, nil)
	if fail, failed := errors.AsType[*mail.Failure](err); failed {
		f := d.refusal(c, fail)
		f.Check, f.Found = "message", f.Found+" The message to "+m.To+" was not taken."
		return f
	}
	return Finding{Check: "message", Level: OK, Found: fmt.Sprintf("%s took the message %s to %s: %q. Look whether it arrives, and not among the spam.", c.Relay.Addr(), m.ID, m.To, reply)}
}
