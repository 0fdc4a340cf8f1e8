package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"tryout/internal/beta"
)

func (t tx) Refuse(vendor beta.VendorID, key string, reason beta.Reason, now time.Time) error {
	if err := t.awaitWishes(); err != nil {
		return err
	}
	if reason == "" {
		_, err := t.exec("delete from refusals where vendor_id = $1 and email_key = $2", vendor, key)
		return err
	}
	_, err := t.exec(`
		insert into refusals (vendor_id, email_key, reason, created_at)
		values ($1, $2, $3, $4)
		on conflict (vendor_id, email_key) do update set reason = excluded.reason, created_at = excluded.created_at`,
		vendor, key, reason, ms(now))
	return err
}

// awaitWishes waits for who has asked for wishes and may be adding testers by
// what they were told, and has the next wait.
func (t tx) awaitWishes() error {
	if t.lockTable == "" {
		return nil
	}
	_, err := t.exec(t.lockTable + "forgotten in exclusive mode")
	return err
}

func (t tx) NotBlocked(vendor beta.VendorID, key string, reason beta.Reason) (skills []beta.SkillID, err error) {
	err = t.query(func(r row) error {
		skills = append(skills, beta.SkillID(r.text(0)))
		return nil
	}, `
		select s.id
		from skills s
		where s.vendor_id = $1 and exists (
			select 1
			from testers a
			where a.test_id = s.newest_test and a.email_key = $2 and a.blocked <> $3
		)
		order by s.id`, vendor, key, blockOf(reason))
	return skills, err
}

func (t tx) Refusals(vendor beta.VendorID, keys []string) (map[string]beta.Reason, error) {
	return t.reasons(`
		select email_key, reason
		from refusals
		where vendor_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out,
		vendor, keys)
}

func (t tx) suppressed(test beta.TestID, keys []string) (map[string]beta.Reason, error) {
	return t.reasons(`
		select email_key, reason
		from suppressions
		where test_id = $1 and email_key `+t.in+`select value ->> 0 from `+t.each+t.out,
		test, keys)
}

func (t tx) reasons(sql string, of any, keys []string) (map[string]beta.Reason, error) {
	found := map[string]beta.Reason{}
	err := t.query(func(r row) error {
		found[r.text(0)] = beta.Reason(r.text(1))
		return nil
	}, sql, of, rows(keys, array.text))
	return found, err
}

// Wishes asks for the addresses only where anybody wished anything: every add
// must know, and nearly nowhere did.
func (t tx) Wishes(test beta.TestID, vendor beta.VendorID, keys []string) (map[string]beta.Wish, error) {
	none, err := t.known.isWishless(wishers{test, vendor}, func() (bool, error) { return t.anyWish(test, vendor) })
	if err != nil || none {
		return nil, err
	}
	answers, errAnswers := t.suppressed(test, keys)
	refusals, errRefusals := t.Refusals(vendor, keys)
	gone, errGone := t.forgotten(keys)
	wishes := map[string]beta.Wish{}
	for _, key := range keys {
		if w := (beta.Wish{Test: answers[key], Vendor: refusals[key], Forgotten: gone[key]}); w != (beta.Wish{}) {
			wishes[key] = w
		}
	}
	return wishes, errors.Join(errAnswers, errRefusals, errGone)
}

// anyWish also shares the table of the forgotten, without a row of it: who is
// being erased meanwhile must be found where this add stores them.
func (t tx) anyWish(test beta.TestID, vendor beta.VendorID) (some bool, err error) {
	_, err = t.one(func(r row) { some = r.int(0) != 0 }, `
		select case
			when exists (select 1 from suppressions where test_id = $1 + 0 order by email_key limit 1) then 1
			when exists (select 1 from refusals where vendor_id = '' || $2 order by email_key limit 1) then 1
			when exists (select 1 from forgotten where false`+t.share+`) then 1
			when exists (select 1 from forgotten) then 1
			else 0
		end`, test, vendor)
	return some, err
}

// digest is what is kept of an erased person's address: an HMAC-SHA256 under a
// key made of the master key, which an older copy of the database has too.
func (s *Store) digest(key string) []byte {
	secret := hmac.New(sha256.New, s.master)
	secret.Write([]byte("forgotten people"))
	mac := hmac.New(sha256.New, secret.Sum(nil))
	mac.Write([]byte(key))
	return mac.Sum(nil)
}

func (t tx) Forget(key string, again bool, now time.Time) error {
	if again {
		_, err := t.exec("delete from forgotten where digest = $1", t.store.digest(key))
		return err
	}
	if err := t.awaitWishes(); err != nil {
		return err
	}
	_, err := t.exec(`
		insert into forgotten (digest, created_at)
		values ($1, $2)
		on conflict (digest) do nothing`, t.store.digest(key), ms(now))
	if err != nil {
		return err
	}
	_, err = t.exec("delete from refusals where vendor_id in (select id from vendors) and email_key = $1", key) // which is its key, so that no index is needed
	return err
}

func (t tx) forgotten(keys []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, key := range keys {
		gone, err := t.one(func(row) {}, "select created_at from forgotten where digest = $1", t.store.digest(key))
		if err != nil {
			return nil, err
		}
		if gone {
			found[key] = true
		}
	}
	return found, nil
}

// TestsOf looks into every test: two keys each, where an index on the address
// alone would cost every add.
func (t tx) TestsOf(key string, limit int) (list []beta.Test, err error) {
	err = t.query(func(r row) error {
		list = append(list, testFrom(r, 0))
		return nil
	}, `
		select `+testColumns+`
		from tests t
		where t.id in (
			select every.id
			from tests every
			where exists (select 1 from testers a where a.test_id = every.id and a.email_key = $1)
				or exists (select 1 from former_testers f where f.test_id = every.id and f.email_key = $1)
		)
		order by t.id
		limit $2 + 0`, key, limit)
	return list, err
}

func (t tx) FormerTester(test beta.TestID, number int64) (f beta.FormerTester, found bool, err error) {
	found, err = t.one(func(r row) {
		f = beta.FormerTester{
			Number: number, Email: beta.Email{Given: r.text(0), Key: r.text(1)},
			AssociatedAt: at(r.int(2)), RemovedAt: at(r.int(3)),
		}
	}, `
		select email, email_key, associated_at, removed_at
		from former_testers
		where test_id = $1 and number = $2`, test, number)
	return f, found, err
}

// Erase reads the numbers first: deleting by address, SQLite would walk the
// whole history of a test.
func (t tx) Erase(test beta.TestID, key string) (numbers []int64, tester int64, err error) {
	now, found, err := t.Tester(test, key)
	if err != nil {
		return nil, 0, err
	}
	if found {
		tester, numbers = now.Number, append(numbers, now.Number)
	}
	former, err := t.Former(test, key)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range former {
		numbers = append(numbers, f.Number)
	}
	for _, table := range []string{"testers", "suppressions"} {
		if _, err := t.exec("delete from "+table+" where test_id = $1 and email_key = $2", test, key); err != nil {
			return nil, 0, err
		}
	}
	return numbers, tester, t.eraseNumbers(test, numbers)
}

func (t tx) eraseNumbers(test beta.TestID, numbers []int64) error {
	for _, number := range numbers {
		for _, sql := range []string{
			"delete from former_testers where test_id = $1 and number = $2",
			"delete from mails where test_id = $1 and tester = $2",
			"delete from feedback where test_id = $1 and number = $2",
		} {
			if _, err := t.exec(sql, test, number); err != nil {
				return err
			}
		}
	}
	return nil
}

// Digest returns what is kept of an erased person's address, 32 octets.
func (s *Store) Digest(e beta.Email) []byte { return s.digest(e.Key) }

// Back returns the addresses of erased people, given what is kept of them, who
// are there all the same: an older copy of the database was restored, or their
// erasure was cut short. It reads all addresses where a digest is new to the
// database, and none otherwise; so ForgetDigests comes last.
func (s *Store) Back(ctx context.Context, digests [][]byte) (back []beta.Email, err error) {
	err = s.engine.view(ctx, func(c conn) error {
		back = nil
		fresh := map[string]bool{}
		for _, d := range digests {
			known := false
			if err := c.query(func(row) error { known = true; return nil }, "select created_at from forgotten where digest = $1", d); err != nil {
				return err
			}
			if !known {
				fresh[string(d)] = true
			}
		}
		for _, table := range []string{"testers", "former_testers", "refusals", "people", "sign_ins"} {
			if len(fresh) == 0 {
				return nil
			}
			err := c.query(func(r row) error {
				if key := r.text(0); fresh[string(s.digest(key))] {
					back = append(back, beta.Email{Given: key, Key: key})
				}
				return nil
			}, "select distinct email_key from "+table)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return back, err
}

// ForgetDigests remembers erased people by what is kept of them.
func (s *Store) ForgetDigests(ctx context.Context, digests [][]byte) error {
	return s.engine.update(ctx, func(c conn) error {
		for _, d := range digests {
			_, err := c.exec("insert into forgotten (digest, created_at) values ($1, $2) on conflict (digest) do nothing", d, ms(s.now()))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
