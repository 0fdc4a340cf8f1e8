package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// check says how an answer departs from the document.
func (d *document) check(method, path string, resp *http.Response, body []byte) error {
	a, ok := d.answers(method, path)[resp.StatusCode]
	if !ok {
		return fmt.Errorf("status %d is not documented", resp.StatusCode)
	}
	return errors.Join(
		d.checkHeaders(a, resp.Header),
		a.checkBody(method, resp.Header.Values("Content-Type"), body),
	)
}

// answers returns the possible answers to a request. HEAD is answered as GET is.
func (d *document) answers(method, path string) answers {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(path, "/")
	for _, p := range d.paths {
		if !p.matches(segments) {
			continue
		}
		if list, ok := p.methods[method]; ok {
			return list
		}
		return d.noMethod
	}
	return d.noPath
}

// matches compares a path as it was sent, so that an encoded slash stays part
// of its segment. Dots in place of a parameter make a path unclean.
func (p path) matches(segments []string) bool {
	return slices.EqualFunc(p.segments, segments, func(want, got string) bool {
		if strings.HasPrefix(want, "{") {
			return got != "." && got != ".."
		}
		return got == want
	})
}

// checkHeaders checks the documented headers. One that other answers have and
// this one does not is wrong here.
func (d *document) checkHeaders(a answer, got http.Header) (err error) {
	for _, name := range slices.Sorted(maps.Keys(d.headers)) {
		h, documented := a.headers[name]
		switch values := got.Values(name); {
		case len(values) > 1:
			err = errors.Join(err, fmt.Errorf("header %s stands %d times", name, len(values)))
		case len(values) == 0 && h.required:
			err = errors.Join(err, fmt.Errorf("header %s is missing", name))
		case len(values) == 1 && !documented:
			err = errors.Join(err, fmt.Errorf("header %s is not documented here", name))
		case len(values) == 1:
			err = errors.Join(err, h.check(name, values[0]))
		}
	}
	return err
}

func (h header) check(name, text string) error {
	var value any = text
	if _, err := strconv.Atoi(text); h.integer && err == nil {
		value = json.Number(text)
	}
	if err := h.schema.Validate(value); err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	return nil
}

// checkBody checks the content type, letter by letter, and what it holds.
func (a answer) checkBody(method string, kinds []string, body []byte) error {
	if len(a.bodies) == 0 {
		if len(kinds) > 0 || len(body) > 0 {
			return fmt.Errorf("there is a body of type %q, want none", kinds)
		}
		return nil
	}
	schema, documented := a.bodies[strings.Join(kinds, ", ")]
	switch {
	case !documented:
		return fmt.Errorf("content type %q is not documented", kinds)
	case method == http.MethodHead && len(body) > 0:
		return errors.New("HEAD is answered with a body")
	case method == http.MethodHead:
		return nil
	case len(body) == 0:
		return errors.New("the body is empty")
	case schema == nil:
		return nil
	}
	return checkJSON(schema, body)
}

// checkJSON wants JSON that everybody reads alike and that fits the schema.
func checkJSON(schema *jsonschema.Schema, body []byte) error {
	if _, err := jsontext.AppendFormat(nil, body); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
