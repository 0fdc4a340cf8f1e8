package smapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"tryout/internal/beta"
)

// Limits of one request.
const (
	maxTesters     = 500
	defaultResults = 100
)

func (a *API) listTesters(c *call) error {
	q := &query{values: c.query}
	limit := q.maxResults(defaultResults, maxTesters)
	scope := testersScope(c.by, c.skill)
	from := q.nextToken(a.Pages, scope)
	if q.wrong != nil {
		return a.refuse(c, q.wrong)
	}
	key := pageKey{c.skill, beta.Page{Test: from.test, After: from.after, Limit: limit}}
	known, again := a.shown.page(key)
	w := takeListWriter()
	defer w.giveBack()
	list, err := a.Service.ListTesters(c.r.Context(), c.by, c.skill, key.page, known.Listing, w.tester)
	switch {
	case err != nil:
		return err
	case list == known.Listing:
		w.body = a.appendPageEnd(w.body, scope, list.Next)
		return c.writeLarge(known.testers, w.body)
	case len(w.body) == 0:
		w.body = append(w.body, `{"testers":[`...)
	}
	if again {
		a.shown.keep(key, shownPage{list, bytes.Clone(w.body)})
	}
	w.body = a.appendPageEnd(w.body, scope, list.Next)
	return c.write(w.body)
}

// listWriter writes the testers of a page; its room is used again and again.
type listWriter struct {
	body []byte
	date time.Time // the last one written: testers added together have the same
	text []byte
}

var listWriters = sync.Pool{New: func() any { return new(listWriter) }}

func takeListWriter() *listWriter { return listWriters.Get().(*listWriter) }

func (w *listWriter) giveBack() {
	w.body = w.body[:0]
	listWriters.Put(w)
}

func (w *listWriter) tester(t beta.Tester, mayRemind bool) error {
	opening := `,{"emailId":`
	if len(w.body) == 0 {
		opening = `{"testers":[{"emailId":`
	}
	if w.date != t.AssociatedAt {
		w.date, w.text = t.AssociatedAt, appendDate(w.text[:0], t.AssociatedAt)
	}
	w.body = appendTester(append(w.body, opening...), t, w.text, mayRemind)
	return nil
}

// appendPageEnd closes the list; a page after this one is named by its token.
func (a *API) appendPageEnd(body []byte, scope string, next beta.Page) []byte {
	if next.Limit == 0 {
		return append(body, `],"isTruncated":false}`...)
	}
	body = append(body, `],"isTruncated":true,"nextToken":"`...)
	body = a.Pages.appendToken(body, scope, mark{next.Test, next.After})
	return append(body, `"}`...) // base64url: nothing to quote
}

func (a *API) addTesters(c *call) error {
	return a.changeTesters(c, a.Service.AddTesters)
}

func (a *API) removeTesters(c *call) error {
	return a.changeTesters(c, a.Service.RemoveTesters)
}

func (a *API) sendReminder(c *call) error {
	return a.changeTesters(c, a.Service.SendReminder)
}

func (a *API) requestFeedback(c *call) error {
	return a.changeTesters(c, a.Service.RequestFeedback)
}

// changeTesters carries out one of the four calls that name testers in a body.
func (a *API) changeTesters(c *call, change func(context.Context, beta.Caller, beta.SkillID, []beta.Email) (beta.Batch, error)) error {
	emails, err := decode(a, c, false, readTesters)
	if err != nil {
		return err
	}
	batch, err := change(c.r.Context(), c.by, c.skill, emails)
	if err != nil {
		return err
	}
	c.w.Header().Set("X-Tryout-Batch", batch.ID)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// readTesters reads {"testers":[{"emailId":"..."}]}. Unknown members are
// ignored; the names are compared letter by letter.
func readTesters(text []byte) ([]beta.Email, error) {
	r := newReader(text)
	emails := r.named(func(int, string) { r.SkipValue() }, func(string) { r.SkipValue() })
	return emails, r.wrong.orNil()
}

// named reads an object whose member testers names testers. The values of other
// members are read by other, those of the n-th entry by inEntry.
func (r *reader) named(inEntry func(n int, name string), other func(name string)) (emails []beta.Email) {
	if !r.enter('{', "$", "an object") {
		return nil
	}
	found := false
	for name, ok := r.member(); ok; name, ok = r.member() {
		if name == "testers" {
			emails, found = r.testers(inEntry), true
		} else {
			other(name)
		}
	}
	if !found {
		r.blame(codeMissing, "$.testers", "is missing")
	}
	return emails
}

func (r *reader) testers(other func(n int, name string)) (emails []beta.Email) {
	if !r.enter('[', "$.testers", "an array") {
		return nil
	}
	before, n := len(r.wrong), 0
	for ; r.PeekKind() != ']' && r.PeekKind() != 0; n++ {
		good := len(r.wrong)
		emails = append(emails, r.tester(n, other))
		for i := good; i < len(r.wrong); i++ {
			r.wrong[i].Message = fmt.Sprintf("$.testers[%d]%s", n, r.wrong[i].Message)
		}
	}
	r.ReadToken()
	if n < 1 || n > maxTesters {
		r.wrong = r.wrong[:before] // the size comes first in the document
		r.blame(codeArraySize, "$.testers", "must have 1 to 500 entries")
	}
	return emails
}

// tester reads an entry; its violations begin with the path below the entry.
func (r *reader) tester(n int, other func(n int, name string)) (email beta.Email) {
	found := false
	if !r.enter('{', "", "an object") {
		return email
	}
	for name, ok := r.member(); ok; name, ok = r.member() {
		if name == "emailId" {
			email, found = r.email(".emailId"), true
		} else {
			other(n, name)
		}
	}
	if !found {
		r.blame(codeMissing, ".emailId", "is missing")
	}
	return email
}
