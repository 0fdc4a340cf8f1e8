package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
)

// Content is what a table holds, in short.
type Content struct {
	Table  string
	Rows   int64
	Digest [sha256.Size]byte // of all values, ordered by the primary key: the same on every database
}

// Contents reads everything that people stored, as it stands at one moment, in
// the order of the tables' names.
func (s *Store) Contents(ctx context.Context) (list []Content, err error) {
	err = s.engine.survey(ctx, func(c conn) error {
		tables, err := shapes(c, s.catalog())
		if err != nil {
			return err
		}
		for _, t := range tables {
			content, err := t.content(c)
			if err != nil {
				return fmt.Errorf("read %s: %w", t.name, err)
			}
			list = append(list, content)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Content) int { return cmp.Compare(a.Table, b.Table) })
	return list, err
}

func (s shape) content(c conn) (Content, error) {
	all := Content{Table: s.name}
	sum := sha256.New()
	err := s.rows(c, func(values []any) error {
		all.Rows++
		for _, v := range values {
			add(sum, v)
		}
		return nil
	})
	sum.Sum(all.Digest[:0])
	return all, err
}

// add adds a value, and where it ends.
func add(sum hash.Hash, v any) {
	b := []byte{1}
	switch v := v.(type) {
	case nil:
		b[0] = 0
	case int64:
		b = binary.AppendVarint(b, v)
	case string:
		b = append(binary.AppendUvarint(b, uint64(len(v))), v...)
	case []byte:
		b = append(binary.AppendUvarint(b, uint64(len(v))), v...)
	}
	sum.Write(b)
}
