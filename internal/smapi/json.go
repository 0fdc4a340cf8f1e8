package smapi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"tryout/internal/beta"
)

const (
	maxBody  = 256 << 10
	maxDepth = 16
)

// decode takes from a request's body what it says. What is wrong with that is told
// to callers who may know, others get the error that comes before; where nothing
// is, they get it from the change, which judges them in any case. Who took all the
// time to send the body cannot be judged any more: they learn that it did not come.
func decode[T any](a *API, c *call, mayBeEmpty bool, read func(text []byte) (T, error)) (said T, err error) {
	text, err := c.body(mayBeEmpty)
	if c.asked.Err() == nil { // the token may have ended while the body came
		if judged := c.identify(false); judged != nil {
			return said, c.first(judged, err)
		}
	}
	if err == nil && len(text) > 0 {
		said, err = read(text)
		err = invalid(err)
	}
	if err != nil && c.r.Context().Err() == nil {
		err = c.first(a.check(c), err)
	}
	return said, err
}

// first is what is told of two errors, either of which may be none: that of the
// caller comes before what is wrong with the body, unless the request ended while
// the caller was judged: that is no judgement.
func (c *call) first(caller, body error) error {
	if body != nil && c.asked.Err() != nil {
		return body
	}
	return cmp.Or(caller, body)
}

// body reads a request's JSON body and checks that it is JSON that everybody
// reads alike: one value, UTF-8, no lone surrogates, no member twice, no deeper
// than 16. An empty body is returned as empty when the operation allows it.
func (c *call) body(mayBeEmpty bool) ([]byte, error) {
	if c.r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	text, err := io.ReadAll(c.r.Body) // the edge bounds it
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, invalid(beta.Violation{Code: codeParse, Message: "$: the body ended early"})
	case len(text) == 0 && mayBeEmpty:
		return text, nil
	}
	if err := checkContentType(c.r.Header); err != nil {
		return nil, invalid(err)
	}
	return text, invalid(checkJSON(text))
}

// checkContentType accepts JSON in UTF-8, or silence about it.
func checkContentType(h http.Header) error {
	encoding := strings.Join(h.Values("Content-Encoding"), ",")
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return beta.Violation{Code: codeContentType, Message: "Content-Encoding: the body must not be encoded"}
	}
	values := h.Values("Content-Type")
	if len(values) == 0 {
		return nil
	}
	kind, params, err := mime.ParseMediaType(values[0])
	charset := params["charset"]
	if err != nil || len(values) > 1 || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return beta.Violation{Code: codeContentType, Message: "Content-Type: must be application/json in UTF-8"}
	}
	return nil
}

// decoders are used again: to see a name that stands twice they keep all names.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func checkJSON(text []byte) error {
	d := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(text)) // which it reads in place
	for {
		_, err := d.ReadToken()
		switch {
		case err != nil:
			return parseFailure(d, err)
		case d.StackDepth() > maxDepth:
			return beta.Violation{Code: codeParse, Message: "$: nested deeper than 16"}
		case d.StackDepth() == 0:
			return checkEnd(d)
		}
	}
}

// checkEnd requires that nothing but white space follows the value.
func checkEnd(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err == nil {
		return beta.Violation{Code: codeParse, Message: fmt.Sprintf("$: more text after the value, near byte %d", d.InputOffset())}
	} else if !errors.Is(err, io.EOF) {
		return parseFailure(d, err)
	}
	return nil
}

func parseFailure(d *jsontext.Decoder, err error) error {
	what := "not JSON"
	if errors.Is(err, jsontext.ErrDuplicateName) {
		what = "a member stands twice in one object"
	}
	return beta.Violation{Code: codeParse, Message: fmt.Sprintf("$: %s, near byte %d", what, d.InputOffset())}
}

// reader walks a body that passed checkJSON, collecting violations. Since the
// text is known to be good, its decoder cannot fail.
type reader struct {
	*jsontext.Decoder
	wrong violations
}

func newReader(text []byte) *reader {
	return &reader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(text))}
}

func (r *reader) blame(code, path, message string) {
	r.wrong = append(r.wrong, beta.Violation{Code: code, Message: path + ": " + message})
}

// enter begins the object or array that is next; it skips and blames anything else.
func (r *reader) enter(kind jsontext.Kind, path, name string) bool {
	if r.PeekKind() != kind {
		r.SkipValue()
		r.blame(codeDataType, path, "must be "+name)
		return false
	}
	r.ReadToken()
	return true
}

// member reads the name of the next member of an object; it returns false, and
// leaves the object, after the last.
func (r *reader) member() (string, bool) {
	token, _ := r.ReadToken()
	if token.Kind() != '"' {
		return "", false
	}
	return token.String(), true
}

// email reads a string that is an e-mail address.
func (r *reader) email(path string) beta.Email {
	text, ok := r.text(path)
	if !ok {
		return beta.Email{}
	}
	e, err := beta.ParseEmail(text)
	r.blameFor(path, err)
	return e
}

func (r *reader) blameFor(path string, err error) {
	var v beta.Violation
	if errors.As(err, &v) {
		r.blame(v.Code, path, v.Message)
	}
}

func (r *reader) text(path string) (string, bool) {
	if r.PeekKind() != '"' {
		r.SkipValue()
		r.blame(codeDataType, path, "must be a string")
		return "", false
	}
	token, _ := r.ReadToken()
	return token.String(), true
}
