package main

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// joinAccess makes what answers where Login with Amazon would, and where people
// sign in.
func (p *program) joinAccess(ctx context.Context, allowAskCLI bool, v signin.Voucher) error {
	if err := p.joinSignIn(ctx, v); err != nil {
		return err
	}
	key, err := p.store.Key(ctx, "consent")
	if err != nil {
		return err
	}
	p.oauth, err = lwa.NewServer(lwa.Config{Access: p.access, Issuer: p.url, People: p.signIn, Pages: p.pages, Key: key})
	if err != nil {
		return err
	}
	return p.access.AllowAskCLI(ctx, allowAskCLI)
}

func (p *program) joinSignIn(ctx context.Context, v signin.Voucher) error {
	key, err := p.store.Key(ctx, "sign-in")
	if err != nil {
		return err
	}
	p.signIn, err = signin.New(signin.Config{
		Store: p.store, Now: time.Now, URL: p.url, Key: key, Pages: p.pages, Queued: p.outbox.Wake,
		Voucher: v,
	})
	return err
}

// authors are who say what a mail is to say: the domain and, of codes, who
// signs people in.
type authors struct{ *program }

// Letter is what the outbox asks for.
func (a authors) Letter(ctx context.Context, m beta.Mail) (beta.Letter, bool, error) {
	if m.Kind == beta.SignInMail {
		return a.signIn.Letter(ctx, m)
	}
	return a.service.Letter(ctx, m)
}
