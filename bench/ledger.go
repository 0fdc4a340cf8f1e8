package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tryout/internal/beta"
	"tryout/internal/store"
)

// claimsAtOnce is how many mails Tryout claims together when it has enough to do.
const claimsAtOnce = 24

// besidesParts adds to the ratio of delivery what its parts take with nothing
// around them, for each mail, and the ratio that they would leave: storing it, the two
// durable changes of its row, and handing the same bytes to the receiver in
// Tryout's dialogue. Both sides use up the machine, so who needs more of it for a
// message sends fewer.
func (b *bench) besidesParts(ctx context.Context, m measured, p *post) (measured, error) {
	adds, ledger, err := b.ledger(ctx)
	if err != nil {
		return m, fmt.Errorf("the ledger alone: %w", err)
	}
	talk, err := p.alone(ctx, dialogue)
	if err != nil {
		return m, fmt.Errorf("the dialogue alone: %w", err)
	}
	m.note += fmt.Sprintf("; adds alone %.0f µs, claims and outcomes alone %.0f, the dialogue alone %.0f and %.0f of the server's: %.2f with nothing else",
		micros(adds), micros(ledger), micros(talk.cost), micros(talk.server), micros(m.other)/micros(adds+ledger+talk.cost+talk.server))
	return m, nil
}

// ledger is the processor time, for each mail, of storing it with its tester, and
// of claiming and settling it as a delivery does: by the store alone, in a
// directory of its own.
func (b *bench) ledger(ctx context.Context) (adds, ledger time.Duration, err error) {
	dir := filepath.Join(b.dir, "ledger")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, 0, err
	}
	s, err := store.Open(ctx, dir, newKey(), time.Now)
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	d := &data{}
	if err := d.fill(ctx, s, calls); err != nil {
		return 0, 0, err
	}
	adds, err = spentOn(func() error { return queueMails(ctx, s, d) })
	if err != nil {
		return 0, 0, err
	}
	ledger, err = spentOn(func() (err error) {
		for n := 1; n > 0 && err == nil; {
			n, err = claimAndSettle(ctx, s)
		}
		return err
	})
	return adds, ledger, err
}

// spentOn is the processor time for each mail of what is done to all of them.
func spentOn(do func() error) (time.Duration, error) {
	spent := itself.spent()
	err := do()
	return (itself.spent() - spent) / (calls * 500), err
}

// queueMails adds testers, 500 to a skill, and so their invitations.
func queueMails(ctx context.Context, s *store.Store, d *data) error {
	service := beta.NewService(s, time.Now, beta.Rules{}, func(beta.Place, beta.Link) string { return "" }, func() {})
	by := beta.Caller{Name: "bench", Vendor: vendor, Write: true, RequestID: "01234567-89ab-4def-8123-456789abcdef"}
	for i, p := range d.small {
		people := make([]beta.Email, 500)
		for j := range people {
			text := person(uint64(500*i + j))
			people[j] = beta.Email{Given: text, Key: text}
		}
		if _, err := service.AddTesters(ctx, by, beta.SkillID(p.skill), people); err != nil {
			return err
		}
	}
	return nil
}

// claimAndSettle claims some mails and records that they were sent: together as
// many as there are connections, and returns how many there were.
func claimAndSettle(ctx context.Context, s *store.Store) (n int, err error) {
	claim := beta.NewID(time.Now())
	mails, err := s.ClaimMail(ctx, claim, claimsAtOnce, time.Minute)
	var together []beta.Attempt
	for i, m := range mails {
		at := time.Now()
		together = append(together, beta.Attempt{Claim: claim, Mail: m, Outcome: beta.Settlement{
			State: beta.MailSent, SettledAt: at, DueAt: m.DueAt, Attempts: m.Attempts,
			Reply: beta.Reply{At: at, Relay: "127.0.0.1:25", Step: "end of data", Code: 250, Enhanced: "2.0.0", Text: "OK: queued as " + strconv.Itoa(i)},
		}})
		if err == nil && (len(together) == senders || i == len(mails)-1) {
			err = s.SettleMail(ctx, together...)
			together = nil
		}
	}
	return len(mails), err
}
