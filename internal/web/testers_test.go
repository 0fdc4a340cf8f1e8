package web_test

import (
	"context"
	"sync"

	"tryout/internal/beta"
)

// testers is a domain small enough to see through: one invitation for each
// link, and the rules of answering it.
type testers struct {
	mu          sync.Mutex
	invitations map[beta.Link]beta.Invitation
	answers     int // calls that may change something
	written     []beta.Feedback
	err         error // what every call fails with, if not nil
	writeErr    error // what writing alone fails with, if not nil
}

func (t *testers) Invitation(_ context.Context, l beta.Link) (beta.Invitation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	inv, found := t.invitations[l]
	if !found && t.err == nil {
		return beta.Invitation{}, &beta.Error{Kind: beta.NotFound, Message: "no such invitation"}
	}
	return inv, t.err
}

func (t *testers) Accept(ctx context.Context, l beta.Link, requestID string) (beta.Invitation, error) {
	return t.answer(ctx, l, beta.Accepted)
}

func (t *testers) Decline(ctx context.Context, l beta.Link, requestID string) (beta.Invitation, error) {
	inv, _ := t.Invitation(ctx, l)
	if inv.Tester.State == beta.Accepted || inv.Tester.State == beta.Left {
		return t.answer(ctx, l, beta.Left)
	}
	return t.answer(ctx, l, beta.Declined)
}

func (t *testers) answer(ctx context.Context, l beta.Link, state beta.TesterState) (beta.Invitation, error) {
	inv, err := t.Invitation(ctx, l)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	switch {
	case err != nil:
		return inv, err
	case inv.Status != beta.Running:
		return inv, &beta.Error{Kind: beta.Conflict, Message: "the test is not running"}
	}
	inv.Tester.State = state
	t.invitations[l] = inv
	return inv, nil
}

func (t *testers) Write(ctx context.Context, l beta.Link, f beta.Feedback, requestID string) (beta.Invitation, error) {
	inv, err := t.Invitation(ctx, l)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	state := inv.Tester.State
	switch {
	case err != nil:
		return inv, err
	case t.writeErr != nil:
		return inv, t.writeErr
	case !inv.TakesFeedback, f.Kind == beta.DeclineReason && state != beta.Declined && state != beta.Left:
		return inv, &beta.Error{Kind: beta.Conflict, Message: "not now"}
	}
	t.written = append(t.written, f)
	return inv, nil
}

func (t *testers) TestPage(_ context.Context, id beta.TestID) (beta.Invitation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for l, inv := range t.invitations {
		if l.Test == id {
			return inv, t.err // with the tester, whom the page must not name even so
		}
	}
	return beta.Invitation{}, &beta.Error{Kind: beta.NotFound, Message: "no such test"}
}

func (t *testers) Recipient(ctx context.Context, l beta.Link) (beta.Invitation, bool, error) {
	inv, err := t.Invitation(ctx, l)
	return inv, inv.Tester.Blocked != "", err
}

func (t *testers) Unsubscribe(ctx context.Context, l beta.Link, again bool, _ string) error {
	inv, err := t.Invitation(ctx, l)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	if inv.Tester.Blocked = beta.BecauseUnsubscribed; again {
		inv.Tester.Blocked = ""
	}
	t.invitations[l] = inv
	return nil
}
