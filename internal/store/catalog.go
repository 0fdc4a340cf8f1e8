package store

import (
	"fmt"
	"slices"
)

// catalog is how a database describes itself, which no text can ask of both.
type catalog struct {
	columns string            // statement: table, column, type, place in the primary key or -1, whether NULL is refused
	parents string            // statement: table, a table that it refers to
	kinds   map[string]string // their types, by what they hold
	bytes   func(hexDigits string) string
}

var catalogs = map[string]catalog{
	"sqlite": {`
		select m.name, c.name, lower(c.type), c.pk - 1, c."notnull" or c.pk
		from sqlite_schema m
		cross join pragma_table_info(m.name) c
		where m.type = 'table' and m.name not like 'sqlite%'
		order by m.name, c.name`, `
		select m.name, f."table"
		from sqlite_schema m
		cross join pragma_foreign_key_list(m.name) f
		where m.type = 'table'`,
		map[string]string{"integer": kindWhole, "bigint": kindWhole, "text": kindText, "blob": kindOctets},
		func(digits string) string { return "unhex(" + digits + ")" },
	},
	"postgres": {`
		select c.relname::text, a.attname::text, format_type(a.atttypid, null),
			coalesce(array_position(i.indkey::int2[], a.attnum), -1), a.attnotnull
		from pg_class c
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		join pg_index i on i.indrelid = c.oid and i.indisprimary
		where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
		order by c.relname collate "C", a.attname collate "C"`, `
		select c.relname::text, p.relname::text
		from pg_constraint f
		join pg_class c on c.oid = f.conrelid
		join pg_class p on p.oid = f.confrelid
		where f.contype = 'f' and f.connamespace = current_schema()::regnamespace`,
		map[string]string{"bigint": kindWhole, "text": kindText, "bytea": kindOctets},
		func(digits string) string { return "decode(" + digits + ", 'hex')" },
	},
}

// ours are the tables of a database that say something of itself.
var ours = []string{"migrations", "replicas"}

// shapes returns the tables with what people stored, each after those that it
// refers to.
func shapes(c conn, in catalog) (list []shape, err error) {
	keys := map[string]map[int64]string{}
	err = c.query(func(r row) error {
		table, name, kind, place := r.text(0), r.text(1), in.kinds[r.text(2)], r.int(3)
		switch {
		case slices.Contains(ours, table):
			return nil
		case kind == "":
			return fmt.Errorf("%s.%s: nobody knows how to copy a %q", table, name, r.text(2))
		case len(list) == 0 || list[len(list)-1].name != table:
			list = append(list, shape{name: table})
			keys[table] = map[int64]string{}
		}
		last := &list[len(list)-1]
		last.columns = append(last.columns, column{name, kind, r.int(4) == 0})
		if place >= 0 {
			keys[table][place] = name
		}
		return nil
	}, in.columns)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for place := range int64(len(keys[list[i].name])) {
			list[i].key = append(list[i].key, keys[list[i].name][place])
		}
	}
	return inOrder(c, in, list)
}

// inOrder puts each table after those that it refers to.
func inOrder(c conn, in catalog, list []shape) (ordered []shape, err error) {
	parents := map[string][]string{}
	err = c.query(func(r row) error {
		parents[r.text(0)] = append(parents[r.text(0)], r.text(1))
		return nil
	}, in.parents)
	done := map[string]bool{}
	for len(ordered) < len(list) && err == nil {
		before := len(ordered)
		for _, s := range list {
			waits := slices.ContainsFunc(parents[s.name], func(p string) bool { return p != s.name && !done[p] })
			if !done[s.name] && !waits {
				ordered, done[s.name] = append(ordered, s), true
			}
		}
		if len(ordered) == before {
			err = fmt.Errorf("tables refer to each other in a circle")
		}
	}
	return ordered, err
}
