package outbox_test

import (
	"context"
	"sync"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// memory is a queue for tests of many attempts, with an author who wants all of
// it and a writer of few words. It counts how often it is asked.
type memory struct {
	mu            sync.Mutex
	mails         []*remembered
	claims, nexts int
}

type remembered struct {
	beta.Mail
	beta.Settlement
	claim string
}

// queue adds n mails that are due now.
func (q *memory) queue(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range n {
		id := beta.MailID{Test: 1, Tester: int64(len(q.mails) + 1), Seq: 1}
		to := address(len(q.mails) + 1)
		q.mails = append(q.mails, &remembered{
			Mail:       beta.Mail{ID: id, Kind: beta.InvitationMail, To: beta.Email{Given: to, Key: to}, QueuedAt: time.Now()},
			Settlement: beta.Settlement{State: beta.MailQueued, DueAt: time.Now()},
		})
	}
}

func (q *memory) ClaimMail(_ context.Context, claim string, limit int, lease time.Duration) (mails []beta.Mail, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims++
	for _, m := range q.mails {
		if len(mails) == limit || !m.SettledAt.IsZero() || m.Settlement.DueAt.After(time.Now()) {
			continue
		}
		m.State, m.claim, m.Settlement.DueAt = beta.MailSending, claim, time.Now().Add(lease)
		m.Settlement.Attempts++
		m.Mail.DueAt, m.Mail.Attempts = m.Settlement.DueAt, m.Settlement.Attempts
		m.Mail.Cuts, m.Mail.Unknowns = m.Settlement.Cuts, m.Settlement.Unknowns
		mails = append(mails, m.Mail)
	}
	return mails, nil
}

func (q *memory) SettleMail(_ context.Context, attempts ...beta.Attempt) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range attempts {
		m := q.mails[a.Mail.ID.Tester-1]
		if m.claim == a.Claim && m.State == beta.MailSending {
			m.Settlement = a.Outcome
		}
	}
	return nil
}

func (q *memory) NextMail(context.Context) (due time.Time, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.nexts++
	for _, m := range q.mails {
		if m.SettledAt.IsZero() && (due.IsZero() || m.Settlement.DueAt.Before(due)) {
			due = m.Settlement.DueAt
		}
	}
	return due, nil
}

// Letter implements outbox.Author.
func (q *memory) Letter(_ context.Context, m beta.Mail) (beta.Letter, bool, error) {
	return beta.Letter{ID: m.ID, To: m.To}, true, nil
}

// Write implements outbox.Writer.
func (q *memory) Write(l beta.Letter, _ time.Time) (mail.Message, error) {
	return mail.Message{ID: l.ID.String(), To: l.To.Given}, nil
}

// all returns what is known of every mail.
func (q *memory) all() (list []beta.Settlement) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.mails {
		list = append(list, m.Settlement)
	}
	return list
}

// asked returns how often the queue was asked.
func (q *memory) asked() (claims, nexts int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.claims, q.nexts
}
