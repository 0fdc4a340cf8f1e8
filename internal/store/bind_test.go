package store

import "testing"

func TestArgumentsAreBoundByName(t *testing.T) {
	t.Parallel()
	s := openTrial(t)
	for _, c := range []struct {
		sql  string
		args []any
		want string // empty for an error
	}{
		{"select $2 || $1 || $2", []any{"a", "b"}, "bab"},
		{"select $3 || $11 || $1 || $2 || $4 || $5 || $6 || $7 || $8 || $9 || $10",
			[]any{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}, "ckabdefghij"},
		{"select $1 || $2", []any{"a"}, ""},
		{"select $1", []any{"a", "b"}, ""},
		{"select $1 || $3", []any{"a", "b"}, ""},
		{"select ? || 'b'", []any{"a"}, ""},
	} {
		got := ""
		err := s.engine.view(t.Context(), func(q conn) error {
			return q.query(func(r row) error { got = r.text(0); return nil }, c.sql, c.args...)
		})
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s with %v: got %q, %v, want %q", c.sql, c.args, got, err, c.want)
		}
	}
}
