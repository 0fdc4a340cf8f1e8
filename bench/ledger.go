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

// besidesLedger adds to the ratio of delivery what its two durable changes of
// each mail's row take without anything around them, and what would be left of the
// ratio if that were all that Tryout adds to net/smtp. Both sides use up the
// machine, so who needs more of it for a message sends fewer.
func (b *bench) besidesLedger(ctx context.Context, m measured) (measured, error) {
	alone, err := b.ledger(ctx)
	if err != nil {
		return m, fmt.Errorf("the ledger alone: %w", err)
	}
	m.note += fmt.Sprintf("; claims and outcomes alone %.0f µs, with which net/smtp would be at %.2f",
		micros(alone), micros(m.other)/micros(m.other+alone))
	return m, nil
}

// ledger is the processor time, for each mail, of claiming and settling as a
// delivery does it: by the store alone, in a directory of its own.
func (b *bench) ledger(ctx context.Context) (time.Duration, error) {
	dir := filepath.Join(b.dir, "ledger")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	s, err := store.Open(ctx, dir, newKey(), time.Now)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if err := queueMails(ctx, s); err != nil {
		return 0, err
	}
	spent := itself.spent()
	for n := 1; n > 0; {
		if n, err = claimAndSettle(ctx, s); err != nil {
			return 0, err
		}
	}
	return (itself.spent() - spent) / (calls * 500), nil
}

// queueMails adds testers, 500 to a skill, and so their invitations.
func queueMails(ctx context.Context, s *store.Store) error {
	d := &data{}
	if err := d.fill(ctx, s, calls); err != nil {
		return err
	}
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
