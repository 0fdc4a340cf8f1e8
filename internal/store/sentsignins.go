package store

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// Send implements [signin.Store].
func (s *Store) Send(ctx context.Context, d lwa.Digest, sent signin.SignIn) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).ask(d, sent) })
}

// Return implements [signin.Store].
func (s *Store) Return(ctx context.Context, d lwa.Digest, now, after time.Time) (sent signin.SignIn, ok bool, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		ok = false
		return s.on(c).query(func(r row) error {
			sent, ok = signInFrom(r), true
			return nil
		}, `
			update sign_ins
			set used_at = $2
			where digest = $1 and used_at = 0 and email_key = '' and asked_at > $3 + 0
			returning `+signInColumns, d[:], ms(now), ms(after))
	})
	return sent, ok && err == nil, err
}

// Begin implements [signin.Store].
func (s *Store) Begin(ctx context.Context, e beta.Email, session signin.Session) (found bool, err error) {
	err = s.engine.update(ctx, func(c conn) (err error) {
		t := s.on(c)
		var p signin.Person
		if p, found, err = t.personOf(e.Key); err != nil || !found {
			return err
		}
		return t.addSession(p, session)
	})
	return found && err == nil, err
}
