package store

import (
	"context"
	"time"

	"tryout/internal/beta"
)

func (t tx) CreateVendor(v beta.Vendor, now time.Time) (bool, error) {
	n, err := t.exec(`
		insert into vendors (id, name, created_at)
		values ($1, $2, $3)
		on conflict (id) do nothing`,
		v.ID, v.Name, ms(now))
	return n == 1, err
}

func (t tx) Vendor(id beta.VendorID) (v beta.Vendor, err error) {
	found, err := t.one(func(r row) {
		v = beta.Vendor{ID: beta.VendorID(r.text(0)), Name: r.text(1)}
	}, "select id, name from vendors where id = $1", id)
	return v, orNoRow(found, err)
}

func (t tx) CreateSkill(s beta.Skill) (bool, error) {
	n, err := t.exec(`
		insert into skills (id, vendor_id, name, created_at, newest_test)
		values ($1, $2, $3, $4, 0)
		on conflict (id) do nothing`,
		s.ID, s.Vendor, s.Name, ms(s.CreatedAt))
	return n == 1, err
}

func (t tx) Skill(id beta.SkillID) (beta.Skill, beta.Vendor, error) {
	known, err := t.store.memo.skills.ask(t.mark, id, func() (k owned, err error) {
		k.skill, k.vendor, err = t.skill(id)
		return k, err
	})
	return known.skill, known.vendor, err
}

// SkillAtHand implements [beta.Store]: there is a memo, or each skill is a trip.
func (s *Store) SkillAtHand(ctx context.Context, id beta.SkillID) (skill beta.Skill, known bool, err error) {
	if s.presumes {
		return skill, false, nil
	}
	err = s.read(ctx, func(t tx) (err error) {
		skill, _, err = t.Skill(id)
		return err
	})
	return skill, true, err
}

func (t tx) skill(id beta.SkillID) (s beta.Skill, v beta.Vendor, err error) {
	found, err := t.one(func(r row) { s = skillFrom(r) }, `
		select id, vendor_id, name, created_at
		from skills
		where id = $1`, id)
	if err := orNoRow(found, err); err != nil {
		return s, v, err
	}
	v, err = t.Vendor(s.Vendor)
	return s, v, err
}

func (t tx) Skills(vendor beta.VendorID, after beta.SkillID, limit int) (list []beta.Skill, err error) {
	err = t.query(func(r row) error {
		list = append(list, skillFrom(r))
		return nil
	}, `
		select id, vendor_id, name, created_at
		from skills
		where vendor_id = '' || $1 and id > '' || $2
		order by id
		limit $3 + 0`, vendor, after, limit)
	return list, err
}

func skillFrom(r row) beta.Skill {
	return beta.Skill{
		ID: beta.SkillID(r.text(0)), Vendor: beta.VendorID(r.text(1)),
		Name: r.text(2), CreatedAt: at(r.int(3)),
	}
}

func orNoRow(found bool, err error) error {
	if err == nil && !found {
		return beta.ErrNoRow
	}
	return err
}

var _ beta.Store = (*Store)(nil)
