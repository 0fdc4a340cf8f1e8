package store

import (
	"context"
	"time"

	"tryout/internal/beta"
)

// SweepSignIns implements [signin.Store]. It looks before it writes.
func (s *Store) SweepSignIns(ctx context.Context, before, now time.Time, limit int) (more bool, err error) {
	some := false
	err = s.read(ctx, func(t tx) (err error) {
		some, err = t.anyOver(before, now)
		return err
	})
	if err != nil || !some {
		return false, err
	}
	err = s.engine.update(ctx, func(c conn) (err error) {
		more, err = s.on(c).dropOver(before, now, limit)
		return err
	})
	return more, err
}

func (t tx) anyOver(before, now time.Time) (bool, error) {
	asked, err := t.askedBefore(before, 1)
	if err != nil || len(asked) > 0 {
		return len(asked) > 0, err
	}
	return t.one(func(row) {}, overSessions, ms(now), 1)
}

const overSessions = "select digest from sessions where expires_at <= $1 + 0 order by expires_at limit $2 + 0"

func (t tx) dropOver(before, now time.Time, limit int) (more bool, err error) {
	asked, err := t.askedBefore(before, limit)
	if err != nil {
		return false, err
	}
	if err := t.dropAsked(asked); err != nil {
		return false, err
	}
	n, err := t.exec("delete from sessions where digest in ("+overSessions+")", ms(now), limit)
	return len(asked) == limit || n == int64(limit), err
}

func (t tx) askedBefore(before time.Time, limit int) (mails []beta.TestID, err error) {
	err = t.query(func(r row) error {
		mails = append(mails, beta.TestID(r.int(0)))
		return nil
	}, "select mail_id from sign_ins where asked_at < $1 + 0 order by asked_at limit $2 + 0", ms(before), limit)
	return mails, err
}

// DropSignIns implements [signin.Store].
func (s *Store) DropSignIns(ctx context.Context, e beta.Email) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).dropSignIns(e.Key) })
}

func (t tx) dropSignIns(key string) error {
	var mails []beta.TestID
	err := t.query(func(r row) error {
		mails = append(mails, beta.TestID(r.int(0)))
		return nil
	}, "select mail_id from sign_ins where email_key = $1", key)
	if err != nil {
		return err
	}
	return t.dropAsked(mails)
}

// dropAsked deletes sign-ins with their mails.
func (t tx) dropAsked(mails []beta.TestID) error {
	for _, id := range mails {
		if _, err := t.exec("delete from mails where test_id = $1 and tester = 0", id); err != nil {
			return err
		}
		if _, err := t.exec("delete from sign_ins where mail_id = $1", id); err != nil {
			return err
		}
	}
	return nil
}
