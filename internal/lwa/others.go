package lwa

import (
	"context"

	"tryout/internal/beta"
)

// Others know tokens that somebody else gave.
type Others interface {
	// Guest returns for whom a token acts that is not one of ours. It is a
	// [beta.Unauthorized] error where that is nobody, [beta.Unavailable] where it
	// cannot be found out now: who cannot be asked has not said no.
	Guest(ctx context.Context, token string) (Guest, error)
}

// Guest is somebody with a token that is not one of ours.
type Guest struct {
	Name   string // in the log and in batches
	Vendor beta.VendorID
	Part   Part
}

// longest is as long as a token can be that is taken for one of ours: they have
// 48 octets, and what somebody may bring in place of one, a client's secret, 80.
// No JWT with a signature is as short.
const longest = 100

func isOurs(token string) bool { return len(token) <= longest }

func (a Access) guest(ctx context.Context, token string) (beta.Caller, error) {
	g, err := a.Others.Guest(ctx, token)
	if err != nil {
		return beta.Caller{}, err
	}
	return beta.Caller{
		Name:        g.Name,
		Vendor:      g.Vendor,
		Write:       allows(g.Part.scope(), ScopeWrite),
		TestersOnly: g.Part != Owner,
	}, nil
}
