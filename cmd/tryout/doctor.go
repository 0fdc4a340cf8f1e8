package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/doctor"
	"tryout/internal/mail"
)

type doctorCmd struct {
	config
	jsonFlag
	Resolver string `help:"Ask this name server. Default: the system's." placeholder:"HOST:PORT"`
	Address  string `help:"Addresses that mail leaves from for the world. Default: those of a relay that asks for no sign-in." placeholder:"IP,..."`
	To       string `help:"Send a message to this address too." placeholder:"ADDR"`
}

// diagnosis is what the doctor says.
type diagnosis struct {
	Level    doctor.Level     `json:"level"` // the worst
	Findings []doctor.Finding `json:"findings"`
}

// doctorPatience bounds each step of the dialogue with the relay.
var doctorPatience = mail.Timeouts{Connect: 10 * time.Second, Command: 10 * time.Second, Body: 20 * time.Second, Dot: time.Minute}

// Run examines what serve would do with the same settings.
func (c doctorCmd) Run(ctx context.Context, io streams, file *configFile) error {
	check := &checker{}
	addresses, to := check.addresses("address", c.Address), check.email("to", c.To)
	if c.Resolver != "" {
		check.address("resolver", c.Resolver, "9.9.9.9:53")
	}
	s, err := c.settings(check.mistakes...)
	if err != nil {
		return err
	}
	d, writer, err := c.doctor(s)
	if err != nil {
		return err
	}
	d.Leaves, d.RelaysIn = addresses, file.place("smtp")
	defer func() {
		for _, relay := range d.Relays {
			relay.Close()
		}
	}()
	findings := d.Examine(ctx)
	if to != (beta.Email{}) {
		m, err := writer.Check(to, time.Now())
		if err != nil {
			return err
		}
		findings = append(findings, d.Send(ctx, m))
	}
	return tellDiagnosis(c.jsonFlag, io, diagnosis{doctor.Worst(findings), findings})
}

// doctor knows what serve would build.
func (c doctorCmd) doctor(s settings) (*doctor.Doctor, *mail.Writer, error) {
	listen, err := net.ResolveTCPAddr("tcp", s.listen)
	if err != nil {
		return nil, nil, fmt.Errorf("--listen: %w", err)
	}
	name := host(cmp.Or(s.publicURL, s.localURL(listen)))
	writer, err := s.writer(name)
	if err != nil {
		return nil, nil, err
	}
	d := &doctor.Doctor{
		From: writer.From(), ReturnPath: writer.From(), DKIM: s.dkim,
		Resolver: doctor.NewResolver(c.Resolver), Now: time.Now,
	}
	if s.returns.domain != "" {
		d.ReturnPath = "b@" + s.returns.domain // all that differ are there
	}
	for _, relay := range s.relays {
		d.Relays = append(d.Relays, &mail.Client{Relay: relay, Hello: hello(name), Timeouts: doctorPatience})
	}
	return d, writer, nil
}

// tellDiagnosis prints it; that something is bad is an error.
func tellDiagnosis(f jsonFlag, io streams, d diagnosis) error {
	if err := f.print(io, d, d.String()); err != nil {
		return err
	}
	if d.Level == doctor.Bad {
		return errors.New("something is bad: mail sent like this gets lost")
	}
	return nil
}

// String is the diagnosis for people.
func (d diagnosis) String() string {
	var b strings.Builder
	const indent = "\n                     "
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "%-5s %-14s %s", f.Level, f.Check, f.Found)
		for _, more := range []string{f.Change, f.Publish} {
			if more != "" {
				b.WriteString(indent + more)
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c *checker) addresses(flag, value string) (list []netip.Addr) {
	for text := range strings.SplitSeq(value, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			c.wrong(flag, "must be IP addresses such as 203.0.113.7, not %q", text)
		}
		list = append(list, a.Unmap())
	}
	return list
}
