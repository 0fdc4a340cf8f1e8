package store_test

import (
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

func TestClaimsOfTheDeadNeedNotRunOut(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	mail := beta.Mail{ID: beta.MailID{Test: 1, Tester: 1, Seq: 1}, Kind: beta.InvitationMail, QueuedAt: clock.Now(), DueAt: clock.Now()}
	must(t, s.Update(t.Context(), func(tx beta.Tx) error { return tx.QueueMails([]beta.Mail{mail}) }))
	claim := func(by string, want int) {
		t.Helper()
		got, err := s.ClaimMail(t.Context(), by, 10, time.Hour)
		must(t, err)
		if len(got) != want {
			t.Errorf("%s claimed %d mails, want %d", by, len(got), want)
		}
	}
	claim("the dead", 1)
	claim("the living", 0)
	must(t, s.LapseClaims(t.Context()))
	claim("the living", 1)
}
