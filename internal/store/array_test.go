package store

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestRowsAreJSON(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{
		{}, {""}, {"a", "b"}, {"[", "]", ",", `"`, `\`, "[["}, {"\x00\n\u2028", "é", "\U0001f600", "<&>'"},
	} {
		text := rows(list, func(a array, s string) array { return a.text(s).int(-1).text(s).int(int64(len(s))) })
		var got [][]any
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q: %s: %v", list, text, err)
		}
		want := [][]any{}
		for _, s := range list {
			want = append(want, []any{s, -1.0, s, float64(len(s))})
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %s", list, text)
		}
	}
}

// Text is stored as it was given or not at all.
func TestTextThatIsNotUTF8IsNotWritten(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it was written")
		}
	}()
	rows([]string{"a\xff"}, array.text)
}
