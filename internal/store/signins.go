package store

import (
	"context"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// Ask implements [signin.Store].
func (s *Store) Ask(ctx context.Context, d lwa.Digest, asked signin.SignIn, m beta.Mail) error {
	return s.engine.update(ctx, func(c conn) error {
		t := s.on(c)
		if err := t.ask(d, asked); err != nil {
			return err
		}
		return t.QueueMails([]beta.Mail{m})
	})
}

func (t tx) ask(d lwa.Digest, s signin.SignIn) error {
	_, err := t.exec(`
		insert into sign_ins (digest, mail_id, email_key, back, asked_at, good_to, tries, used_at)
		values ($1, $2, $3, $4, $5, 0, 0, 0)`,
		d[:], s.Mail, s.Key, s.Back, ms(s.AskedAt))
	return err
}

const signInColumns = "mail_id, email_key, back, asked_at, good_to, tries, used_at"

func signInFrom(r row) signin.SignIn {
	return signin.SignIn{
		Mail: beta.TestID(r.int(0)), Key: r.text(1), Back: r.text(2),
		AskedAt: at(r.int(3)), GoodTo: at(r.int(4)), Tries: int(r.int(5)), UsedAt: at(r.int(6)),
	}
}

// SignIn implements [signin.Store].
func (s *Store) SignIn(ctx context.Context, d lwa.Digest) (found signin.SignIn, is bool, err error) {
	err = s.read(ctx, func(t tx) (err error) {
		found, is, err = t.signIn(d)
		return err
	})
	return found, is, err
}

func (t tx) signIn(d lwa.Digest) (s signin.SignIn, found bool, err error) {
	found, err = t.one(func(r row) { s = signInFrom(r) }, "select "+signInColumns+" from sign_ins where digest = $1", d[:])
	return s, found, err
}

// Write implements [signin.Store].
func (s *Store) Write(ctx context.Context, mail beta.TestID, goodTo time.Time, wanted func(signin.SignIn) bool) (p signin.Person, ok bool, err error) {
	err = s.engine.update(ctx, func(c conn) (err error) {
		p, ok, err = s.on(c).writeCode(mail, goodTo, wanted)
		return err
	})
	return p, ok, err
}

func (t tx) writeCode(mail beta.TestID, goodTo time.Time, wanted func(signin.SignIn) bool) (p signin.Person, ok bool, err error) {
	var s signin.SignIn
	found, err := t.one(func(r row) { s = signInFrom(r) }, "select "+signInColumns+" from sign_ins where mail_id = $1 "+t.lockRow, mail)
	if err != nil || !found || !wanted(s) {
		return p, false, err
	}
	if p, found, err = t.personOf(s.Key); err != nil || !found {
		return p, false, err
	}
	_, err = t.exec("update sign_ins set good_to = $2 where mail_id = $1", mail, ms(goodTo))
	return p, err == nil, err
}

// Try implements [signin.Store].
func (s *Store) Try(ctx context.Context, d lwa.Digest, right func(signin.SignIn) bool, session signin.Session) (tried signin.SignIn, ok, found bool, err error) {
	err = s.engine.update(ctx, func(c conn) (err error) {
		t := s.on(c)
		ok = false
		if tried, found, err = t.countTry(d); err != nil || !found || !right(tried) {
			return err
		}
		p, known, err := t.personOf(tried.Key)
		if err != nil || !known {
			return err
		}
		ok = true
		return t.beginSession(d, p, session)
	})
	return tried, ok && err == nil, found, err
}

// countTry counts a try at a sign-in, which it holds against others, and
// returns it with that one.
func (t tx) countTry(d lwa.Digest) (s signin.SignIn, found bool, err error) {
	err = t.query(func(r row) error {
		s, found = signInFrom(r), true
		return nil
	}, "update sign_ins set tries = tries + 1 where digest = $1 returning "+signInColumns, d[:])
	return s, found, err
}

func (t tx) beginSession(of lwa.Digest, p signin.Person, s signin.Session) error {
	if _, err := t.exec("update sign_ins set used_at = $2 where digest = $1", of[:], ms(s.CreatedAt)); err != nil {
		return err
	}
	return t.addSession(p, s)
}

func (t tx) addSession(p signin.Person, s signin.Session) error {
	_, err := t.exec("insert into sessions (digest, person_id, created_at, expires_at) values ($1, $2, $3, $4)",
		s.Digest[:], p.ID, ms(s.CreatedAt), ms(s.ExpiresAt))
	return err
}

// Session implements [signin.Store].
func (s *Store) Session(ctx context.Context, d lwa.Digest, now time.Time) (p signin.Person, found bool, err error) {
	err = s.read(ctx, func(t tx) (err error) {
		p, found, err = t.session(d, now)
		return err
	})
	return p, found, err
}

func (t tx) session(d lwa.Digest, now time.Time) (p signin.Person, found bool, err error) {
	person := ""
	found, err = t.one(func(r row) { person = r.text(0) },
		"select person_id from sessions where digest = $1 and expires_at > $2 + 0", d[:], ms(now))
	if err != nil || !found {
		return p, false, err
	}
	return t.person(person)
}

// EndSession implements [signin.Store].
func (s *Store) EndSession(ctx context.Context, d lwa.Digest) error {
	_, err := s.changed(ctx, "delete from sessions where digest = $1", d[:])
	return err
}
