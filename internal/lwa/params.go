package lwa

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"
)

// params are a request's parameters. One without a value is absent (RFC 6749, 3.2).
type params map[string]string

// encode writes parameters in the one form that all writings of them share.
func (p params) encode() string {
	values := url.Values{}
	for name, value := range p {
		values.Set(name, value)
	}
	return values.Encode()
}

// maxParams bounds a body, in octets.
const maxParams = 16 << 10

// readParams reads a body: a form, also one that is not percent-encoded, as the
// SDKs send it, or, where JSON is allowed, an object, as ask-cli sends it. What
// two readers could understand differently is refused.
func readParams(r *http.Request, json bool) (params, error) {
	kind, err := bodyKind(r.Header)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxParams+1))
	switch {
	case err != nil:
		return nil, refuse(invalidRequest, "The body ended early or is too long.")
	case len(body) > maxParams:
		return nil, &Refusal{Code: invalidRequest, Description: "The body must have at most 16384 bytes.", Status: http.StatusRequestEntityTooLarge}
	case kind == "application/x-www-form-urlencoded":
		return parseForm(string(body))
	case kind == "application/json" && json:
		return parseObject(body)
	}
	return nil, refuse(invalidRequest, "The Content-Type must be application/x-www-form-urlencoded or, at the token endpoint, application/json.")
}

func bodyKind(h http.Header) (string, error) {
	values := h.Values("Content-Type")
	if len(values) != 1 || h.Get("Content-Encoding") != "" {
		return "", refuse(invalidRequest, "One Content-Type, and no Content-Encoding, is needed.")
	}
	kind, _, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", refuse(invalidRequest, "The Content-Type cannot be read.")
	}
	return kind, nil
}

var errTwice = refuse(invalidRequest, "A parameter stands twice.")

func parseForm(text string) (params, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, refuse(invalidRequest, "The parameters are not well-formed.")
	}
	p := params{}
	for name, list := range values {
		if len(list) > 1 {
			return nil, errTwice
		}
		if list[0] != "" {
			p[name] = list[0]
		}
	}
	return p, nil
}

// parseObject reads an object of strings; what stands in it besides is skipped.
func parseObject(text []byte) (params, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	p, err := readObject(d)
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return p, nil
		}
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return nil, errTwice
	}
	return nil, refuse(invalidRequest, "The body is not one JSON object.")
}

var errNoObject = errors.New("not an object")

func readObject(d *jsontext.Decoder) (params, error) {
	if begin, err := d.ReadToken(); err != nil || begin.Kind() != '{' {
		return nil, errors.Join(err, errNoObject)
	}
	p := params{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String() // good until the next read only
		if d.PeekKind() != '"' {
			if err := d.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if text := value.String(); text != "" {
			p[key] = text
		}
	}
	_, err := d.ReadToken()
	return p, err
}
