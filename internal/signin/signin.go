// Package signin is how people prove who they are: with a code that is mailed to
// them, good once, for ten minutes, and only in the browser that asked for it.
// Or somebody else says who they are ([Voucher]), by an address verified there.
// No password is stored. What browsers hold are 256 random bits, of which only
// the digest is kept.
//
// Whether an address is known shows nowhere. Asking does the same for any: it
// stores that somebody asked, and queues the mail. Whose address it is is looked
// up when the mail is written, and nothing is sent where it is nobody's.
//
// A code is stored nowhere. It follows from the mail that carries it, under a
// key, so that a mail that is sent again says the same.
package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

const (
	codeLife    = 10 * time.Minute // from when the mail was written
	askLife     = time.Hour        // how long a mail may take until then
	sessionLife = 12 * time.Hour
	maxTries    = 5
)

// code returns the code that a mail carries.
func (s *Server) code(mail beta.TestID) string {
	sum := hmac.New(sha256.New, s.Key)
	fmt.Fprintf(sum, "code %d", mail)
	return fmt.Sprintf("%08d", binary.BigEndian.Uint64(sum.Sum(nil))%100_000_000)
}

// ask stores that somebody wants to sign in as whoever has an address, and
// returns what their browser is to hold.
func (s *Server) ask(ctx context.Context, e beta.Email, back, requestID string) (secret string, err error) {
	now := s.Now()
	mail := beta.Mail{
		ID:   beta.MailID{Test: beta.NewTestID(now), Seq: 1},
		Kind: beta.SignInMail, To: e, RequestID: requestID, QueuedAt: now, DueAt: now,
	}
	secret = newSecret()
	asked := SignIn{Mail: mail.ID.Test, Key: e.Key, Back: back, AskedAt: now}
	if err := s.Store.Ask(ctx, digest(secret), asked, mail); err != nil {
		return "", fmt.Errorf("ask to sign in: %w", err)
	}
	s.Queued()
	return secret, nil
}

// Letter is asked for immediately before the mail with a code is sent. It is not
// wanted where the address is nobody's, or they gave up waiting for it.
func (s *Server) Letter(ctx context.Context, m beta.Mail) (l beta.Letter, wanted bool, err error) {
	now := s.Now()
	p, wanted, err := s.Store.Write(ctx, m.ID.Test, now.Add(codeLife), func(asked SignIn) bool {
		return asked.UsedAt.IsZero() && asked.Tries < maxTries && now.Sub(asked.AskedAt) < askLife
	})
	if err != nil || !wanted {
		return beta.Letter{}, false, err
	}
	code := s.code(m.ID.Test)
	return beta.Letter{
		ID: m.ID, QueuedAt: m.QueuedAt, Kind: m.Kind, To: p.Email, Language: p.Language,
		Code: code[:4] + " " + code[4:], Link: s.URL + codePath + "?code=" + url.QueryEscape(code),
	}, true, nil
}

// What a try came to.
var (
	errWrong = errors.New("that is not the code")
	errOver  = errors.New("the code is used, too old, or was tried too often")
)

// try redeems a code for a session: what the browser is to hold from now on.
// Where it goes then, or to ask anew, is told with the error, too, which is
// errWrong or errOver where the code is.
func (s *Server) try(ctx context.Context, secret, code string) (session, back string, err error) {
	now := s.Now()
	session = newSecret()
	tried, ok, found, err := s.Store.Try(ctx, digest(secret), func(asked SignIn) bool {
		same := subtle.ConstantTimeCompare([]byte(code), []byte(s.code(asked.Mail))) == 1
		return same && s.isOpen(asked, now)
	}, Session{digest(session), now, now.Add(sessionLife)})
	switch {
	case err != nil:
		return "", "", fmt.Errorf("sign in: %w", err)
	case ok:
		return session, tried.Back, nil
	case !found:
		return "", askPath, errOver
	case tried.Tries >= maxTries || !tried.UsedAt.IsZero() || now.Sub(tried.AskedAt) >= askLife+codeLife:
		return "", tried.Back, errOver
	}
	return "", tried.Back, errWrong
}

// isOpen reports whether a code can be redeemed; the try is counted already.
func (s *Server) isOpen(asked SignIn, now time.Time) bool {
	return asked.UsedAt.IsZero() && asked.Tries <= maxTries && now.Before(asked.GoodTo)
}

// kept is how long what ended is remembered: for who asks what became of it.
const kept = 24 * time.Hour

const sweptAtOnce = 500

// Sweep deletes what ended long ago; more tells whether there may be others.
func (s *Server) Sweep(ctx context.Context) (more bool, err error) {
	now := s.Now()
	return s.Store.SweepSignIns(ctx, now.Add(-kept), now, sweptAtOnce)
}

// secretLength is that of 256 bits in base64.
const secretLength = 43

func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func digest(secret string) lwa.Digest { return sha256.Sum256([]byte(secret)) }
