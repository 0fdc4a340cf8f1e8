package apitest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"tryout/internal/smapi"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(smapi.OpenAPI()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Valid includes that every example fits its schema.
func TestTheDocumentIsValid(t *testing.T) {
	t.Parallel()
	if err := load(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheDocumentNamesExactlyTheRoutesServed(t *testing.T) {
	t.Parallel()
	var documented []string
	for path, item := range load(t).Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	served := smapi.Routes()
	slices.Sort(documented)
	slices.Sort(served)
	if diff := cmp.Diff(served, documented); diff != "" {
		t.Errorf("- is served, + is documented:\n%s", diff)
	}
}

// operations passes every operation of the document to yield.
func operations(t *testing.T, yield func(name string, op *openapi3.Operation)) {
	for path, item := range load(t).Paths.Map() {
		for method, op := range item.Operations() {
			yield(method+" "+path, op)
		}
	}
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	t.Parallel()
	operations(t, func(name string, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			if id := response.Value.Headers["x-amzn-requestid"]; id == nil || !id.Value.Required {
				t.Errorf("%s: %s need not have x-amzn-requestid", name, status)
			}
		}
	})
}

func TestEveryOperationNamesTheErrorsThatAllHave(t *testing.T) {
	t.Parallel()
	operations(t, func(name string, op *openapi3.Operation) {
		want := []int{414, 500, 503}
		secured := op.Security == nil || len(*op.Security) > 0
		if secured {
			want = append(want, 401, 429)
		}
		if strings.Contains(name, "{skillId}") {
			want = append(want, 400, 404)
		}
		if secured && !strings.HasPrefix(name, "GET ") {
			want = append(want, 403, 409)
		}
		if op.RequestBody != nil {
			want = append(want, 413)
		}
		for _, status := range want {
			if op.Responses.Status(status) == nil {
				t.Errorf("%s does not name %d", name, status)
			}
		}
	})
}

// A body of ours has no member that the document does not name, at any depth.
func TestSchemasOfAnswersAreClosed(t *testing.T) {
	t.Parallel()
	for name, schema := range load(t).Components.Schemas {
		if strings.HasSuffix(name, "Request") {
			continue // what clients send may have more
		}
		err := schema.WalkSubtree(func(at string, s *openapi3.SchemaRef) error {
			open := s.Value.AdditionalProperties
			if s.Value.Type.Is("object") && open.Has == nil && open.Schema == nil {
				t.Errorf("%s%s: additionalProperties is not set", name, at)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
