package lwa

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"
)

// AskCLIRedirect is where ask-cli waits for a code.
const AskCLIRedirect = "http://127.0.0.1:9090/cb"

// What ask-cli 2.30.7 is called unless it is told otherwise, and the SHA-256 of
// what it says is its secret. Everybody has that program, so it proves nothing:
// such a client can only ask people.
const (
	askCLIClient       = "amzn1.application-oa2-client.aad322b5faab44b980c8f87f94fbac56"
	askCLISecretDigest = "9afa8ebb55a56e91b0b97606165990c83fcd309c2eb417703dac32a302731eb1"
)

// AllowAskCLI says whether ask-cli's own client, which is of no vendor, may ask
// people for access. What it got is dead once it may not, and stays so.
func (a Access) AllowAskCLI(ctx context.Context, allow bool) error {
	c, found, err := a.Store.Client(ctx, askCLIClient)
	if err != nil || allow == (found && c.RevokedAt.IsZero()) {
		return err
	}
	if found {
		if err := a.RevokeClient(ctx, askCLIClient); err != nil { // also what an interruption left behind
			return fmt.Errorf("forbid ask-cli's own client: %w", err)
		}
	}
	if !allow {
		return nil
	}
	return a.admitAskCLI(ctx, found)
}

func (a Access) admitAskCLI(ctx context.Context, again bool) (err error) {
	if again {
		_, err = a.Store.RevokeClient(ctx, askCLIClient, time.Time{})
		return err
	}
	c := Client{
		ID: askCLIClient, Name: "ask-cli", Scope: ScopeRead + " " + ScopeWrite,
		RedirectURIs: []string{AskCLIRedirect}, CreatedAt: a.Now(),
	}
	if _, err := hex.Decode(c.Secret[:], []byte(askCLISecretDigest)); err != nil {
		return err
	}
	_, err = a.Store.CreateClient(ctx, c) // another replica may have been first
	return err
}
