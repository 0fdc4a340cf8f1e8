package store

import (
	"context"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
)

// CreatePerson implements [signin.Store].
func (s *Store) CreatePerson(ctx context.Context, p signin.Person) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).createPerson(p) })
}

func (t tx) createPerson(p signin.Person) error {
	erased, err := t.one(func(row) {}, "select created_at from forgotten where digest = $1", t.store.digest(p.Email.Key))
	if err != nil {
		return err
	}
	if erased {
		return signin.ErrForgotten
	}
	n, err := t.exec(`
		insert into people (id, email_key, email, name, language, created_at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (email_key) do nothing`,
		p.ID, p.Email.Key, p.Email.Given, p.Name, p.Language, ms(p.CreatedAt))
	if err == nil && n == 0 {
		err = signin.ErrTaken
	}
	return err
}

const personColumns = "id, email_key, email, name, language, created_at"

func personFrom(r row) signin.Person {
	return signin.Person{
		ID: r.text(0), Email: beta.Email{Key: r.text(1), Given: r.text(2)}, Name: r.text(3),
		Language: beta.Language(r.text(4)), CreatedAt: at(r.int(5)),
	}
}

// People implements [signin.Store].
func (s *Store) People(ctx context.Context) (list []signin.Person, err error) {
	err = s.read(ctx, func(t tx) (err error) {
		list, err = t.people()
		return err
	})
	return list, err
}

func (t tx) people() (list []signin.Person, err error) {
	err = t.query(func(r row) error {
		list = append(list, personFrom(r))
		return nil
	}, "select "+personColumns+" from people order by email_key")
	for i := range list {
		if err == nil {
			list[i].Roles, err = t.roles(list[i].ID)
		}
	}
	return list, err
}

// Person implements [signin.Store].
func (s *Store) Person(ctx context.Context, id string) (p signin.Person, found bool, err error) {
	err = s.read(ctx, func(t tx) (err error) {
		p, found, err = t.person(id)
		return err
	})
	return p, found, err
}

func (t tx) person(id string) (p signin.Person, found bool, err error) {
	found, err = t.one(func(r row) { p = personFrom(r) }, "select "+personColumns+" from people where id = $1", id)
	if err == nil && found {
		p.Roles, err = t.roles(id)
	}
	return p, found, err
}

// PersonOf implements [signin.Store].
func (s *Store) PersonOf(ctx context.Context, e beta.Email) (p signin.Person, found bool, err error) {
	err = s.read(ctx, func(t tx) (err error) {
		p, found, err = t.personOf(e.Key)
		return err
	})
	return p, found, err
}

func (t tx) personOf(key string) (p signin.Person, found bool, err error) {
	found, err = t.one(func(r row) { p = personFrom(r) }, "select "+personColumns+" from people where email_key = $1", key)
	if err == nil && found {
		p.Roles, err = t.roles(p.ID)
	}
	return p, found, err
}

func (t tx) roles(person string) (list []lwa.Role, err error) {
	err = t.query(func(r row) error {
		list = append(list, lwa.Role{Vendor: beta.Vendor{ID: beta.VendorID(r.text(0)), Name: r.text(1)}, Part: lwa.Part(r.text(2))})
		return nil
	}, `
		select v.id, v.name, r.part
		from roles r
		join vendors v on v.id = r.vendor_id
		where r.person_id = $1
		order by r.vendor_id`, person)
	return list, err
}

// part is a person's in a vendor; empty where they have none.
func (t tx) part(person string, vendor beta.VendorID) (part lwa.Part, err error) {
	_, err = t.one(func(r row) { part = lwa.Part(r.text(0)) },
		"select part from roles where person_id = $1 and vendor_id = $2", person, vendor)
	return part, err
}

// SaveRole implements [signin.Store].
func (s *Store) SaveRole(ctx context.Context, person string, vendor beta.VendorID, part lwa.Part) (had bool, err error) {
	err = s.engine.update(ctx, func(c conn) error {
		had, err = s.on(c).saveRole(person, vendor, part)
		return err
	})
	return had, err
}

func (t tx) saveRole(person string, vendor beta.VendorID, part lwa.Part) (had bool, err error) {
	n, err := t.exec("delete from roles where person_id = $1 and vendor_id = $2", person, vendor)
	if err != nil || part == "" {
		return n > 0, err
	}
	_, err = t.exec("insert into roles (person_id, vendor_id, part) values ($1, $2, $3)", person, vendor, part)
	return n > 0, err
}

// RemovePerson implements [signin.Store].
func (s *Store) RemovePerson(ctx context.Context, id string) error {
	return s.engine.update(ctx, func(c conn) error { return s.on(c).removePerson(id) })
}

func (t tx) removePerson(id string) error {
	for _, sql := range []string{
		"delete from sessions where person_id = $1",
		"delete from roles where person_id = $1",
		"delete from people where id = $1",
	} {
		if _, err := t.exec(sql, id); err != nil {
			return err
		}
	}
	return nil
}

var _ signin.Store = (*Store)(nil)
