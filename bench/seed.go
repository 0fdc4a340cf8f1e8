package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
)

const vendor = "VBENCH"

// data is a data directory to be measured on.
type data struct {
	token         string
	authorization string // the header, and the end of all headers
	testers       int    // the people with numbers below this are in large
	large         place
	small         []place // without testers
}

// seedDir makes a data directory with its key, and seeds it.
func seedDir(ctx context.Context, dir string, testers, small int) (*data, error) {
	key := newKey()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(hex.EncodeToString(key)), 0o600); err != nil {
		return nil, err
	}
	return seed(ctx, dir, key, testers, small)
}

func newKey() []byte {
	key := make([]byte, store.KeySize)
	rand.Read(key)
	return key
}

// seed gives a database two kinds of skills: one that has the given number of
// testers, all accepted, and some without any. All run. It writes through the
// store, below the rules: the calls would take minutes.
func seed(ctx context.Context, database string, key []byte, testers, small int) (*data, error) {
	s, err := store.Open(ctx, database, key, time.Now)
	if err != nil {
		return nil, err
	}
	d := &data{testers: testers}
	err = d.fill(ctx, s, small)
	return d, cmp.Or(err, s.Close())
}

func (d *data) fill(ctx context.Context, s *store.Store, small int) error {
	if err := d.addSkills(ctx, s, 1+small); err != nil {
		return err
	}
	d.large, d.small = d.small[0], d.small[1:]
	if err := d.addTesters(ctx, s); err != nil {
		return err
	}
	token, err := lwa.Access{Store: s, Now: time.Now}.Issue(ctx, vendor, lwa.ScopeWrite, 24*time.Hour)
	if err != nil {
		return err
	}
	d.token = token
	d.authorization = "Authorization: Bearer " + token + "\r\n\r\n"
	_, err = s.Key(ctx, "page") // made now, so that a copy reads the same nextTokens
	return err
}

func (d *data) addSkills(ctx context.Context, s *store.Store, n int) error {
	const step = 1000
	now := time.Now()
	err := s.Update(ctx, func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: vendor, Name: "Bench"}, now)
		return err
	})
	first := beta.NewTestID(now)
	for i := 0; i < n && err == nil; i += step {
		err = s.Update(ctx, func(tx beta.Tx) (err error) {
			d.small = d.small[:i] // it may be run again
			for j := i; j < min(i+step, n) && err == nil; j++ {
				err = d.addSkill(tx, first+beta.TestID(j), j, now)
			}
			return err
		})
	}
	return err
}

// The n-th skill's id is the prefix and a number of twelve digits.
const (
	skillPrefix = "amzn1.ask.skill.00000000-0000-4000-8000-"
	firstSkill  = 100_000_000_000
)

// addSkill adds a skill whose test runs.
func (d *data) addSkill(tx beta.Tx, id beta.TestID, i int, now time.Time) error {
	p := place{skillPrefix + strconv.Itoa(firstSkill+i), int64(id)}
	d.small = append(d.small, p)
	skill := beta.Skill{ID: beta.SkillID(p.skill), Vendor: vendor, Name: "Weather for Sailors", CreatedAt: now}
	if _, err := tx.CreateSkill(skill); err != nil {
		return err
	}
	test := beta.Test{ID: id, Skill: skill.ID, Round: 1, Stored: beta.Running, CreatedAt: now, ExpiresAt: now.Add(90 * 24 * time.Hour)}
	if err := tx.CreateTest(test); err != nil {
		return err
	}
	if i == 0 {
		test.Testers, test.Numbers = d.testers, int64(d.testers)
	}
	return tx.SaveTest(test)
}

// addTesters fills the large skill in the order of the addresses, which is
// quicker than any other by far.
func (d *data) addTesters(ctx context.Context, s *store.Store) error {
	const step = 2_000 // a transaction of PostgreSQL has ten seconds, also on a busy machine
	people := make([]string, d.testers)
	for i := range people {
		people[i] = person(uint64(i))
	}
	slices.Sort(people)
	for i := 0; i < len(people); i += step {
		some := people[i:min(i+step, len(people))]
		if err := s.Update(ctx, func(tx beta.Tx) error { return d.addSome(tx, i, some) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *data) addSome(tx beta.Tx, before int, people []string) error {
	added := time.Now().Add(-48 * time.Hour) // long enough ago for a reminder
	testers := make([]beta.Tester, len(people))
	for i, p := range people {
		testers[i] = beta.Tester{
			Test: beta.TestID(d.large.test), Number: int64(before + i + 1), Email: beta.Email{Given: p, Key: p},
			State: beta.Accepted, AssociatedAt: added, NotifiedAt: added, Mails: 1,
		}
	}
	_, err := tx.AddTesters(beta.TestID(d.large.test), testers)
	return err
}

// copyData copies a data directory that nobody has open.
func copyData(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }
