package main

import (
	"strconv"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
)

// addition is the arguments of the statements of one add, as raw takes them.
type addition struct {
	place          place
	at             int64
	id, request    string
	testers, mails string // JSON, an array per row
	entries        string
	first, last    int64 // the numbers; the last is how many testers there are then
}

// adder makes additions, and the requests for the same.
type adder struct {
	data   *data
	people atomic.Uint64 // the next stranger
	small  atomic.Int64  // small skills used so far
	large  atomic.Int64  // the last number in the large skill
}

func newAdder(d *data) *adder {
	a := &adder{data: d}
	a.people.Store(uint64(d.testers))
	a.large.Store(int64(d.testers))
	return a
}

func (a *adder) person() uint64 { return a.people.Add(1) - 1 }

// place returns a small skill that was not added to.
func (a *adder) place() place {
	n := a.small.Add(1) - 1
	if n >= int64(len(a.data.small)) {
		panic("bench: more adds than small skills; measure in shorter rounds")
	}
	return a.data.small[n]
}

// bulk is the requests that add 500 to a small skill each.
func (a *adder) bulk(int) asker {
	var buf []byte
	return func([]byte) []byte {
		buf = a.data.add(buf[:0], a.place().skill, 500, a.person)
		return buf
	}
}

// single is the requests that add one to the large skill each.
func (a *adder) single(int) asker {
	var buf []byte
	return func([]byte) []byte {
		buf = a.data.add(buf[:0], a.data.large.skill, 1, a.person)
		return buf
	}
}

// rawBulk is what bulk asks for.
func (a *adder) rawBulk() addition { return a.addition(a.place(), 1, 500) }

// rawSingle is what single asks for.
func (a *adder) rawSingle() addition { return a.addition(a.data.large, a.large.Add(1), 1) }

// addition adds count strangers, numbered from first on.
func (a *adder) addition(p place, first int64, count int) addition {
	now := time.Now()
	add := addition{
		place: p, at: now.UnixMilli(), id: beta.NewID(now), request: "01234567-89ab-4def-8123-456789abcdef",
		first: first, last: first + int64(count) - 1,
	}
	testers, mails := make([]byte, 0, 80*count), make([]byte, 0, 80*count)
	for n := first; n <= add.last; n++ {
		email := person(a.person())
		testers = appendRow(testers, n, email, email)
		mails = appendRow(mails, n, int64(1), email, email)
	}
	testers[0], mails[0] = '[', '['
	add.testers, add.mails = string(append(testers, ']')), string(append(mails, ']'))
	add.entries = string(appendRow(nil, "ADDED", "", first, add.last))
	return add
}

// appendRow appends a comma and an array.
func appendRow(b []byte, columns ...any) []byte {
	b = append(b, ",["...)
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := c.(type) {
		case string:
			b = append(append(append(b, '"'), v...), '"')
		case int64:
			b = strconv.AppendInt(b, v, 10)
		}
	}
	return append(b, ']')
}
