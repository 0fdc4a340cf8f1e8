package store

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// array is a JSON array while it is written. Writing by hand takes a tenth of
// what encoding/json does, and adds are written while everybody waits.
type array []byte

// rows writes list as the JSON array of arrays that a statement's each reads;
// columns appends those of one row.
func rows[T any](list []T, columns func(array, T) array) string {
	all := append(make(array, 0, 80*len(list)), '[')
	for _, item := range list {
		all = append(columns(append(all.next(), '['), item), ']')
	}
	return string(append(all, ']'))
}

func (a array) int(n int64) array { return strconv.AppendInt(a.next(), n, 10) }

func (a array) text(s string) array {
	quoted, err := jsontext.AppendQuote(a.next(), s)
	if err != nil {
		panic(err) // not UTF-8; whoever parsed it refused that
	}
	return quoted
}

// next makes room for another value.
func (a array) next() array {
	if a[len(a)-1] == '[' {
		return a
	}
	return append(a, ',')
}
