package apitest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tryout/internal/apitest"
	"tryout/internal/smapi"
)

// exchange is a request and the answer it got.
type exchange struct {
	method, path string
	status       int
	header       map[string]string // beside the request id; an empty value takes a header away
	body         string
}

const (
	betaTest = "/v1/skills/s1/betaTest"
	jsonType = "application/json"
	batch    = "01cra9gsfn4m6t8vwxyz0abcde"
)

// The good answers, of which each case below breaks one.
var (
	list = exchange{"GET", betaTest + "/testers", 200, map[string]string{"Content-Type": jsonType},
		`{"testers":[{"emailId":"a@x.org","associationDate":"2018-09-26T07:32:37.589Z","isReminderAllowed":true,"invitationStatus":"ACCEPTED"}],"isTruncated":false}`}
	added = exchange{"POST", betaTest + "/testers/add", 204, map[string]string{"X-Tryout-Batch": batch}, ""}
	begun = exchange{"POST", betaTest + "/start", 202, map[string]string{"X-Tryout-Batch": batch, "Location": betaTest}, ""}
	bad   = exchange{"POST", betaTest + "/testers/add", 400, map[string]string{"Content-Type": jsonType},
		`{"message":"m","code":"INVALID_STRING_LENGTH","violations":[{"code":"INVALID_STRING_LENGTH","message":"v"}]}`}
	denied = exchange{"GET", betaTest, 401, map[string]string{"Content-Type": jsonType, "WWW-Authenticate": "Bearer"},
		`{"message":"m","code":"UNAUTHORIZED"}`}
	limited = exchange{"GET", betaTest, 429, map[string]string{"Content-Type": jsonType, "Retry-After": "1"},
		`{"message":"m","code":"TOO_MANY_REQUESTS"}`}
	noPath = exchange{"GET", betaTest + "/", 404, map[string]string{"Content-Type": jsonType},
		`{"message":"m","code":"RESOURCE_NOT_FOUND"}`}
	noMethod = exchange{"DELETE", betaTest, 405, map[string]string{"Content-Type": jsonType, "Allow": "GET, HEAD, POST, PUT"},
		`{"message":"m","code":"METHOD_NOT_ALLOWED"}`}
	malformed = exchange{"GET", betaTest, 431, map[string]string{"Content-Type": jsonType},
		`{"message":"m","code":"INVALID_REQUEST"}`}
	document = exchange{"GET", "/openapi.yaml", 200, map[string]string{"Content-Type": "application/yaml"}, "openapi: 3.1.1"}
	test     = exchange{"GET", betaTest, 200, map[string]string{"Content-Type": jsonType},
		`{"status":"RUNNING","expiryDate":"2018-09-26T07:32:37.589Z","invitationUrl":"https://x.org/t","invitesRemaining":499}`}
)

// with returns the exchange with a part of its body replaced.
func (e exchange) with(old, new string) exchange {
	if !strings.Contains(e.body, old) {
		panic("the body has no " + old)
	}
	e.body = strings.Replace(e.body, old, new, 1)
	return e
}

// headed returns the exchange with one header set.
func (e exchange) headed(name, value string) exchange {
	header := map[string]string{name: value}
	for n, v := range e.header {
		if n != name {
			header[n] = v
		}
	}
	e.header = header
	return e
}

// answered returns the exchange with another status.
func (e exchange) answered(status int) exchange {
	e.status = status
	return e
}

// asked returns the exchange for another request.
func (e exchange) asked(method, path string) exchange {
	e.method, e.path = method, path
	return e
}

func (e exchange) response() *http.Response {
	r := &http.Response{StatusCode: e.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(e.body))}
	r.Header.Set("X-Amzn-Requestid", "3b241101-e2bb-4255-8caf-4136c566a962")
	for name, value := range e.header {
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	return r
}

// verdict is a test that Check may fail; failure is what it said.
type verdict struct {
	testing.TB
	failure string
}

func (*verdict) Helper() {}

func (v *verdict) Errorf(format string, args ...any) { v.failure += fmt.Sprintf(format, args...) }

func (e exchange) check() (failure string) {
	var v verdict
	apitest.Check(&v, httptest.NewRequest(e.method, e.path, nil), e.response(), []byte(e.body))
	return v.failure
}

func TestAGoodAnswerPasses(t *testing.T) {
	t.Parallel()
	for _, e := range []exchange{
		list, added, begun, bad, denied, limited, noPath, noMethod, malformed, document, test,
		list.with(`"isTruncated":false`, `"isTruncated":true,"nextToken":"t"`),
		test.with(`"RUNNING","expiryDate":"2018-09-26T07:32:37.589Z"`, `"IN_DRAFT"`),
		test.asked("GET", "/v1/skills/a%2Fb/betaTest"),
		bad.asked("GET", "/v1/skills//betaTest"),
		noPath.asked("GET", "/v1/skills/../betaTest"),
		{"HEAD", betaTest, 200, test.header, ""},
		{"GET", "/i/1-2-3", 302, nil, "a page for people"},
	} {
		if failure := e.check(); failure != "" {
			t.Errorf("%v\n%s", e, failure)
		}
	}
}

func TestABrokenAnswerFails(t *testing.T) {
	t.Parallel()
	const date = "2018-09-26T07:32:37.589Z"
	for name, test := range map[string]struct {
		broken exchange
		want   string
	}{
		"status not documented":           {list.answered(418), "418 is not documented"},
		"status of another operation":     {list.answered(409), "409 is not documented"},
		"another status for no path":      {noPath.answered(405), "405 is not documented"},
		"another status for no method":    {noMethod.answered(404), "404 is not documented"},
		"success on no path":              {list.asked("GET", "/v1/skills/s1/BetaTest"), "200 is not documented"},
		"extra property":                  {test.with(`{`, `{"round":1,`), "additional properties 'round' not allowed"},
		"extra property deep down":        {list.with(`{"emailId"`, `{"state":"INVITED","emailId"`), "'state' not allowed"},
		"extra property in an error":      {denied.with(`{`, `{"detail":"d",`), "'detail' not allowed"},
		"violations where none belong":    {denied.with(`}`, `,"violations":[]}`), "'violations' not allowed"},
		"no violations in a 400":          {bad.with(`,"violations":[{"code":"INVALID_STRING_LENGTH","message":"v"}]`, ``), "missing property 'violations'"},
		"empty violations in a 400":       {bad.with(`[{"code":"INVALID_STRING_LENGTH","message":"v"}]`, `[]`), "minItems"},
		"required property missing":       {list.with(`"isReminderAllowed":true,`, ``), "missing property 'isReminderAllowed'"},
		"null":                            {test.with(`"`+date+`"`, `null`), "got null, want string"},
		"null for a list":                 {exchange{"GET", "/v1/vendors", 200, test.header, `{"vendors":null}`}, "got null, want array"},
		"null for an enum":                {test.with(`"RUNNING"`, `null`), "got null, want string"},
		"date without decimals":           {list.with(date, "2018-09-26T07:32:37Z"), "does not match pattern"},
		"date with two decimals":          {list.with(date, "2018-09-26T07:32:37.58Z"), "does not match pattern"},
		"date with an offset":             {list.with(date, "2018-09-26T07:32:37.589+00:00"), "does not match pattern"},
		"date that is none":               {list.with(date, "2018-13-26T07:32:37.589Z"), "not valid date-time"},
		"unknown enum value":              {test.with("RUNNING", "PAUSED"), "value must be one of"},
		"wrong type":                      {test.with("499", `"499"`), "got string, want integer"},
		"number out of range":             {test.with("499", "-1"), "minimum"},
		"running without an expiry":       {test.with(`"expiryDate":"`+date+`",`, ``), "missing property 'expiryDate'"},
		"token on the last page":          {list.with(`false}`, `false,"nextToken":"t"}`), "/nextToken"},
		"no token before the last page":   {list.with(`false}`, `true}`), "missing property 'nextToken'"},
		"code of another status":          {denied.with("UNAUTHORIZED", "OPERATION_NOT_ALLOWED"), "value must be 'UNAUTHORIZED'"},
		"unknown code":                    {bad.with("INVALID_STRING_LENGTH", "BAD"), "value must be one of"},
		"not JSON":                        {list.with(`}`, ``), "not JSON"},
		"a member twice":                  {test.with(`{`, `{"status":"RUNNING",`), "not JSON"},
		"bad UTF-8":                       {denied.with(`"m"`, "\"\xff\""), "not JSON"},
		"two values":                      {denied.with(`}`, `}{}`), "not JSON"},
		"no body":                         {exchange{"GET", betaTest, 200, test.header, ""}, "body is empty"},
		"empty document":                  {document.with("openapi: 3.1.1", ""), "body is empty"},
		"body on HEAD":                    {test.asked("HEAD", betaTest), "HEAD is answered with a body"},
		"body of a 204":                   {exchange{"POST", added.path, 204, added.header, "{}"}, "want none"},
		"content type of a 204":           {added.headed("Content-Type", jsonType), "want none"},
		"no content type":                 {test.headed("Content-Type", ""), "content type []"},
		"wrong content type":              {test.headed("Content-Type", "text/plain; charset=utf-8"), "text/plain"},
		"content type with a charset":     {test.headed("Content-Type", "application/json; charset=utf-8"), "charset"},
		"no request id":                   {test.headed("X-Amzn-Requestid", ""), "x-amzn-requestid is missing"},
		"request id that is none":         {test.headed("X-Amzn-Requestid", "17"), "not valid uuid"},
		"no batch":                        {added.headed("X-Tryout-Batch", ""), "X-Tryout-Batch is missing"},
		"batch id that is none":           {added.headed("X-Tryout-Batch", "17"), "does not match pattern"},
		"batch where none belongs":        {test.headed("X-Tryout-Batch", batch), "X-Tryout-Batch is not documented here"},
		"no Location":                     {begun.headed("Location", ""), "Location is missing"},
		"absolute Location":               {begun.headed("Location", "https://x.org"+betaTest), "does not match pattern"},
		"no WWW-Authenticate":             {denied.headed("WWW-Authenticate", ""), "WWW-Authenticate is missing"},
		"another WWW-Authenticate":        {denied.headed("WWW-Authenticate", "Basic"), "value must be 'Bearer'"},
		"no Retry-After":                  {limited.headed("Retry-After", ""), "Retry-After is missing"},
		"Retry-After of zero":             {limited.headed("Retry-After", "0"), "minimum"},
		"Retry-After that is no number":   {limited.headed("Retry-After", "1.5"), "want integer"},
		"no Allow":                        {noMethod.headed("Allow", ""), "Allow is missing"},
		"GET without HEAD in Allow":       {noMethod.headed("Allow", "GET, POST"), "does not match pattern"},
		"malformed HTTP, another's code":  {malformed.with("INVALID_REQUEST", "CONTENT_PARSE_FAILURE"), "value must be 'INVALID_REQUEST'"},
		"undocumented path under x":       {noPath.asked("GET", "/x/v1/nothing").with(`"m"`, `""`), "minLength"},
		"undocumented path in plain text": {noPath.headed("Content-Type", "text/plain"), "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if failure := test.broken.check(); !strings.Contains(failure, test.want) {
				t.Errorf("%q, want %q in it", failure, test.want)
			}
		})
	}
}

func TestAHeaderMayNotStandTwice(t *testing.T) {
	t.Parallel()
	var v verdict
	resp := added.response()
	resp.Header.Add("X-Tryout-Batch", batch)
	apitest.Check(&v, httptest.NewRequest(added.method, added.path, nil), resp, nil)
	if !strings.Contains(v.failure, "stands 2 times") {
		t.Error(v.failure)
	}
}

func TestTransportChecksAndPassesOn(t *testing.T) {
	t.Parallel()
	broken := test.with("RUNNING", "PAUSED")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := broken
		if r.URL.Path == document.path {
			answer = document
			answer.body = smapi.OpenAPI()
		}
		resp := answer.response()
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, answer.body)
	}))
	defer server.Close()
	for _, e := range []struct{ path, body, want string }{
		{document.path, smapi.OpenAPI(), ""},
		{broken.path, broken.body, "value must be one of"},
	} {
		var v verdict
		client := &http.Client{Transport: apitest.Transport{T: &v}}
		resp, err := client.Get(server.URL + e.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != e.body {
			t.Errorf("%s: %v, %.80q is not the answer", e.path, err, body)
		}
		resp.Body.Close()
		if (e.want == "") != (v.failure == "") || !strings.Contains(v.failure, e.want) {
			t.Errorf("%s: %q, want %q", e.path, v.failure, e.want)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	tester := strings.TrimSuffix(strings.TrimPrefix(list.body, `{"testers":[`), `],"isTruncated":false}`)
	full := list.with(tester, strings.Repeat(tester+",", 499)+tester)
	for name, e := range map[string]exchange{"204": added, "401": denied, "500 testers": full} {
		req, resp, body := httptest.NewRequest(e.method, e.path, nil), e.response(), []byte(e.body)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				apitest.Check(b, req, resp, body)
			}
		})
	}
}
