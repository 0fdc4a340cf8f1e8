package apitest

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tryout/internal/smapi"
)

// document is what the API's description says of answers.
type document struct {
	paths    []path
	noPath   answers         // to a path that is not served
	noMethod answers         // to a method that its path does not serve
	headers  map[string]bool // every header that some answer has
}

// path is a documented path.
type path struct {
	segments []string
	methods  map[string]answers
}

// answers are the possible answers to a request, by status.
type answers map[int]answer

// answer is one possible answer.
type answer struct {
	headers map[string]header
	bodies  map[string]*jsonschema.Schema // by content type; empty means no body, a nil schema means any
}

type header struct {
	schema   *jsonschema.Schema
	required bool
	integer  bool
}

// served is the description that the API serves.
var served = sync.OnceValues(func() (*document, error) { return read(smapi.OpenAPI()) })

// read reads an OpenAPI document.
func read(text string) (*document, error) {
	spec, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		return nil, err
	}
	r, err := newReader(spec)
	if err != nil {
		return nil, err
	}
	for pattern, item := range spec.Paths.Map() {
		p := path{strings.Split(pattern, "/"), map[string]answers{}}
		for method, op := range item.Operations() {
			p.methods[method] = r.answers(place("paths", pattern, strings.ToLower(method)), op)
		}
		r.doc.paths = append(r.doc.paths, p)
	}
	return r.doc, r.err
}

// reader makes a document of a description.
type reader struct {
	doc       *document
	schemas   *jsonschema.Compiler
	malformed answer
	err       error // the first failure
}

// resource is the name under which the schemas know the description.
const resource = "http://tryout/openapi.yaml"

func newReader(spec *openapi3.T) (*reader, error) {
	text, err := spec.MarshalJSON()
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r := &reader{schemas: jsonschema.NewCompiler()}
	r.schemas.AssertFormat()
	if err := r.schemas.AddResource(resource, value); err != nil {
		return nil, err
	}
	r.doc = &document{headers: map[string]bool{}}
	r.readRefusals(spec.Components.Responses)
	return r, r.err
}

// readRefusals reads the answers to requests that reach no operation.
func (r *reader) readRefusals(components openapi3.ResponseBodies) {
	named := func(name string) answer {
		component, ok := components[name]
		if !ok {
			r.fail(fmt.Errorf("there is no response %s", name))
			return answer{}
		}
		return r.answer(place("components", "responses", name), component)
	}
	r.malformed = named("Malformed")
	r.doc.noPath = r.orMalformed(answers{
		http.StatusNotFound:            named("NotFound"),
		http.StatusRequestURITooLong:   named("URITooLong"),
		http.StatusInternalServerError: named("InternalError"),
		http.StatusServiceUnavailable:  named("Unavailable"),
	})
	r.doc.noMethod = maps.Clone(r.doc.noPath)
	delete(r.doc.noMethod, http.StatusNotFound)
	r.doc.noMethod[http.StatusMethodNotAllowed] = named("MethodNotAllowed")
}

// orMalformed adds the answers to requests that are not good HTTP. Where 400 is
// documented, it means a request that is.
func (r *reader) orMalformed(list answers) answers {
	for _, status := range []int{
		http.StatusBadRequest, http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge,
		http.StatusNotImplemented, http.StatusHTTPVersionNotSupported,
	} {
		if _, documented := list[status]; !documented {
			list[status] = r.malformed
		}
	}
	return list
}

// answers reads the responses of the operation at a place.
func (r *reader) answers(at string, op *openapi3.Operation) answers {
	list := answers{}
	for key, response := range op.Responses.Map() {
		status, err := strconv.Atoi(key)
		r.fail(err)
		list[status] = r.answer(at+place("responses", key), response)
	}
	return r.orMalformed(list)
}

func (r *reader) answer(at string, response *openapi3.ResponseRef) answer {
	at = target(at, response.Ref)
	a := answer{map[string]header{}, map[string]*jsonschema.Schema{}}
	for name, h := range response.Value.Headers {
		r.doc.headers[name] = true
		a.headers[name] = header{
			schema:   r.schema(target(at+place("headers", name), h.Ref)),
			required: h.Value.Required,
			integer:  h.Value.Schema.Value.Type.Is("integer"),
		}
	}
	for kind, content := range response.Value.Content {
		a.bodies[kind] = nil
		if content.Schema != nil {
			a.bodies[kind] = r.schema(at + place("content", kind))
		}
	}
	return a
}

// schema compiles the schema of the header or content at a place.
func (r *reader) schema(at string) *jsonschema.Schema {
	s, err := r.schemas.Compile(resource + "#" + at + "/schema")
	r.fail(err)
	return s
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// target is where something stands: at its place, or where its $ref points.
func target(at, ref string) string {
	if ref == "" {
		return at
	}
	return strings.TrimPrefix(ref, "#")
}

// place is the JSON pointer of nested members, as it stands in a URL.
func place(members ...string) string {
	var b strings.Builder
	for _, m := range members {
		m = strings.NewReplacer("~", "~0", "/", "~1").Replace(m)
		b.WriteString("/" + url.PathEscape(m))
	}
	return b.String()
}
