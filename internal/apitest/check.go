// Package apitest checks answers of the API against its description: an answer
// that the OpenAPI document does not allow fails the test that received it. So
// the document cannot drift from what is served. Only tests import it.
//
// The document is read and its schemas are compiled once; a check then takes
// microseconds, so every answer of every test can pass through it.
package apitest

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Check fails the test unless an answer fits the description: path, method and
// status are documented, the headers are there and right, and the body is
// valid. A path or method that is not documented must be refused as the
// document says for those. Answers to paths outside the API are not looked at.
// Check may be called from any goroutine.
func Check(t testing.TB, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	path := req.URL.EscapedPath()
	if !described(path) {
		return
	}
	doc, err := served()
	if err != nil {
		t.Errorf("the API's description: %v", err)
		return
	}
	if err := doc.check(req.Method, path, resp, body); err != nil {
		t.Errorf("%s %s was answered %d against the API's description:\n%v\n%.2000s", req.Method, req.URL, resp.StatusCode, err, body)
	}
}

// described reports whether a path belongs to the API.
func described(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first == "v1" || first == "x" || path == "/openapi.yaml"
}

// Transport is an http.RoundTripper that passes every answer through [Check].
type Transport struct {
	T    testing.TB
	Base http.RoundTripper // nil means http.DefaultTransport
}

// RoundTrip sends the request, and reads and checks the whole answer. It fails
// when the answer ends early.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.T.Helper()
	resp, err := cmp.Or(t.Base, http.DefaultTransport).RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	Check(t.T, req, resp, body)
	return resp, nil
}
