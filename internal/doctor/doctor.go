// Package doctor looks at what decides whether mail arrives: the records of the
// sender's domain in the DNS, and the relay. It says what it found and, in plain
// words, what to change. It changes nothing, and sends nothing unless asked.
package doctor

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"tryout/internal/mail"
)

// Level is how a finding is to be taken.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "ok"
	Warn Level = "warn" // mail may be lost, or nobody here can tell
	Bad  Level = "bad"  // mail will be lost
)

// Finding is what one check came to.
type Finding struct {
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Found   string `json:"found"`
	Change  string `json:"change,omitempty"`  // what to do about it
	Publish string `json:"publish,omitempty"` // the very DNS record, as a zone file has it
}

// Doctor knows how mail is sent from here. Set the fields before its methods are
// called.
type Doctor struct {
	From       string         // the address that readers see
	ReturnPath string         // the envelope's sender, where bounces go
	Relays     []*mail.Client // in order of preference
	RelaysIn   string         // where the operator has set them, for advice such as --smtp; empty says nothing of it
	Leaves     []netip.Addr   // where mail leaves for the world; empty means the addresses of relays that ask for no sign-in
	DKIM       *mail.DKIM     // nil means that we sign nothing
	Resolver   *net.Resolver  // see [NewResolver]
	Now        func() time.Time
	Limit      time.Duration // of each check; zero means 20 seconds
}

// Examine makes every check, all at once, and returns what was found in a fixed
// order. It ends within the limit whatever the DNS and the relays do, but for
// their goodbyes.
func (d *Doctor) Examine(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Limit, 20*time.Second))
	defer cancel()
	checks := []func(context.Context) []Finding{d.from, d.returnPath, d.spf, d.dkim, d.dmarc, d.reverse}
	for _, relay := range d.Relays {
		checks = append(checks, func(ctx context.Context) []Finding { return d.Relay(ctx, relay) })
	}
	found := make([][]Finding, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() { found[i] = check(ctx) })
	}
	wg.Wait()
	return slices.Concat(found...)
}

// Worst returns the worst level among findings; OK if there are none.
func Worst(findings []Finding) Level {
	worst := OK
	for _, f := range findings {
		if f.Level == Bad || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

func one(f Finding) []Finding { return []Finding{f} }

// domain is what stands behind the @ of an address, in lower case.
func domain(address string) string {
	_, after, _ := strings.Cut(address, "@")
	return strings.ToLower(after)
}
