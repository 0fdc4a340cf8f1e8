package smapi_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/smapi"
)

// Each request has several things wrong with it; the one that is checked first
// must be answered.
func TestTheFirstThingWrongIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	reader := as(s.issue("A", lwa.ScopeRead))
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		status                   int
		code                     string
	}{
		{"no route before no token", "GET", "/v1/nothing", "", as(""), 404, "RESOURCE_NOT_FOUND"},
		{"no verb before no token", "PATCH", testers, "", as(""), 405, "METHOD_NOT_ALLOWED"},
		{"no token before bad id", "GET", "/v1/skills/" + long + "/betaTest", "", as("x"), 401, "UNAUTHORIZED"},
		{"bad id before no skill", "POST", "/v1/skills/" + long + "/betaTest/testers/add", "{", nil, 400, "INVALID_STRING_LENGTH"},
		{"no skill before bad body", "POST", "/v1/skills/none/betaTest/testers/add", "{", nil, 404, "RESOURCE_NOT_FOUND"},
		{"no skill before scope", "POST", "/v1/skills/none/betaTest", "", reader, 404, "RESOURCE_NOT_FOUND"},
		{"owner before bad body", "POST", "/v1/skills/" + theirs + "/betaTest/testers/add", "{", nil, 401, "UNAUTHORIZED"},
		{"owner before scope", "POST", "/v1/skills/" + theirs + "/betaTest", "", reader, 401, "UNAUTHORIZED"},
		{"owner before bad query", "GET", "/v1/skills/" + theirs + "/betaTest/testers?maxResults=0", "", nil, 401, "UNAUTHORIZED"},
		{"scope before no test", "POST", testers + "/add", "{", reader, 403, "OPERATION_NOT_ALLOWED"},
		{"no test before bad body", "POST", testers + "/add", "{", nil, 404, "RESOURCE_NOT_FOUND"},
		{"no test before bad query", "GET", testers + "?maxResults=0", "", nil, 404, "RESOURCE_NOT_FOUND"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			s.t = t
			a := s.expect(c.status, c.method, c.path, c.body, change)
			wantCode(t, a, c.code)
		})
	}
}

func TestABadBodyIsToldBeforeTheState(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(201, "POST", test, "")
	s.expect(202, "POST", test+"/end", "")
	wantCode(t, s.expect(400, "POST", testers+"/add", "{"), "CONTENT_PARSE_FAILURE")
	wantCode(t, s.expect(409, "POST", testers+"/add", addresses("a@x.test")), "PRECONDITION_NOT_MET")
}

func TestAnExceededRateIs429WithRetryAfter(t *testing.T) {
	t.Parallel()
	limits, err := smapi.NewLimits(2, alone)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(a *smapi.API, _ *beta.Rules) { a.Limits = limits })
	for range 2 {
		s.expect(404, "GET", test, "")
	}
	a := s.expect(429, "GET", test, "")
	wantCode(t, a, "TOO_MANY_REQUESTS")
	equal(t, "Retry-After", a.Header.Get("Retry-After"), "1")
	other := as(s.issue("A", lwa.ScopeWrite))
	wantCode(t, s.expect(429, "GET", test, "", other), "TOO_MANY_REQUESTS") // the skill's rate
	s.expect(200, "GET", "/v1/vendors", "", other)                          // that token has its own
	s.expect(401, "GET", test, "", as(s.issue("B", lwa.ScopeWrite)))        // and nobody uses up another vendor's
	s.expect(401, "GET", test, "", as("none"))                              // no token comes before the rate
}

// alone is how many servers there are where there is one.
func alone() int { return 1 }

func TestTheRateIsDividedAmongTheServers(t *testing.T) {
	t.Parallel()
	servers := 1
	limits, err := smapi.NewLimits(8, func() int { return servers })
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(a *smapi.API, _ *beta.Rules) { a.Limits = limits })
	for _, c := range []struct{ servers, share int }{{4, 2}, {1, 8}, {2, 4}, {100, 1}} {
		servers = c.servers
		token, passed, begun := as(s.issue("A", lwa.ScopeWrite)), 0, time.Now()
		for s.ask("GET", "/v1/vendors", "", token).StatusCode == 200 {
			passed++
		}
		if grown := int(float64(c.share) * time.Since(begun).Seconds()); passed < c.share || passed > c.share+grown {
			t.Errorf("%d at once of a rate of 8 among %d servers, want %d, and %d that came due meanwhile", passed, c.servers, c.share, grown)
		}
	}
}

func TestManyAtOnceAreCountedNotFailed(t *testing.T) {
	t.Parallel()
	limits, err := smapi.NewLimits(10, alone)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(a *smapi.API, _ *beta.Rules) { a.Limits = limits })
	var statuses [64]int
	var clients sync.WaitGroup
	for i := range statuses {
		clients.Go(func() { statuses[i] = s.ask("GET", "/v1/vendors", "").StatusCode })
	}
	clients.Wait()
	for _, status := range statuses {
		if status != 200 && status != 429 {
			t.Errorf("status %d, want 200 or 429", status)
		}
	}
}

func wantCode(t *testing.T, a answer, code string) {
	t.Helper()
	if !strings.Contains(a.body, `"code":"`+code+`"`) {
		t.Errorf("status %d, body %s; want code %s", a.StatusCode, a.body, code)
	}
}

func TestNoRouteTakesAMalformedQuery(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	fill := strings.NewReplacer("{skillId}", skill, "{emailId}", "a@x.test", "{batchId}", "b")
	for _, route := range smapi.Routes() {
		method, pattern, _ := strings.Cut(route, " ")
		if pattern == "/openapi.yaml" || strings.HasPrefix(pattern, "/x/v1/returns/") {
			continue // without a token, and without a query that is looked at
		}
		for _, query := range []string{"?a=1&a=2", "?a=%zz", "?a=1;b=2"} {
			wantCode(t, s.expect(400, method, fill.Replace(pattern)+query, ""), "INVALID_REQUEST_PARAMETER")
			s.expect(401, method, fill.Replace(pattern)+query, "", as("none"))
		}
	}
}
