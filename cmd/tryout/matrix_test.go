package main

import (
	"net/http"
	"slices"
	"testing"

	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/smapi"
	"tryout/internal/web"
)

// rule says who may use a route.
type rule int

// The rules.
const (
	toAll     rule = iota // the same answer, whoever asks
	toVendors             // any good token: it is about the token's own vendor
	toRead                // any good token of the vendor
	toTesters             // one that may change testers
	toTests               // one that may change tests
	toInfo                // any good token, told as OAuth2 tells it
	toProfile             // a token that acts for a person
	toSession             // who is signed in sees another page; no token counts
)

// matrix has a row for every route of the program.
var matrix = map[string]rule{
	"GET /v1/skills/{skillId}/betaTest":                          toRead,
	"POST /v1/skills/{skillId}/betaTest":                         toTests,
	"PUT /v1/skills/{skillId}/betaTest":                          toTests,
	"POST /v1/skills/{skillId}/betaTest/start":                   toTests,
	"POST /v1/skills/{skillId}/betaTest/end":                     toTests,
	"GET /v1/skills/{skillId}/betaTest/testers":                  toRead,
	"POST /v1/skills/{skillId}/betaTest/testers/add":             toTesters,
	"POST /v1/skills/{skillId}/betaTest/testers/remove":          toTesters,
	"POST /v1/skills/{skillId}/betaTest/testers/sendReminder":    toTesters,
	"POST /v1/skills/{skillId}/betaTest/testers/requestFeedback": toTesters,
	"GET /v1/vendors":                                      toVendors,
	"GET /v1/skills":                                       toRead,
	"GET /v1/skills/{skillId}/status":                      toRead,
	"GET /x/v1/skills/{skillId}/entitlements/{emailId}":    toRead,
	"GET /x/v1/skills/{skillId}/batches/{batchId}":         toRead,
	"POST /x/v1/skills/{skillId}/testers":                  toTesters,
	"PUT /x/v1/skills/{skillId}/language":                  toTests,
	"GET /x/v1/skills/{skillId}/testers/{emailId}":         toRead,
	"POST /x/v1/skills/{skillId}/testers/{emailId}/resend": toTesters,
	"GET /x/v1/skills/{skillId}/feedback":                  toRead,
	"POST /x/v1/returns/{relay}":                           toAll,
	"POST /x/v1/returns/{relay}/{secret}":                  toAll,
	"GET /openapi.yaml":                                    toAll,

	"GET /ap/oa":             toSession,
	"POST /ap/oa":            toSession,
	"POST /auth/o2/token":    toAll,
	"POST /auth/O2/token":    toAll,
	"GET /auth/o2/tokeninfo": toInfo,
	"GET /user/profile":      toProfile,
	"GET /.well-known/oauth-authorization-server": toAll,

	"GET /sign-in":        toSession,
	"POST /sign-in":       toAll,
	"GET /sign-in/code":   toAll,
	"POST /sign-in/code":  toAll,
	"POST /sign-in/with":  toAll,
	"GET /sign-in/return": toAll,
	"POST /sign-out":      toAll,

	"GET /":                  toAll,
	"GET /i/{link}":          toAll,
	"POST /i/{link}/accept":  toAll,
	"POST /i/{link}/decline": toAll,
	"GET /u/{link}":          toAll,
	"POST /u/{link}":         toAll,
	"POST /u/{link}/leave":   toAll,
	"POST /u/{link}/again":   toAll,
	"GET /f/{link}":          toAll,
	"POST /f/{link}/send":    toAll,
	"POST /f/{link}/reason":  toAll,
	"GET /f/{link}/thanks":   toAll,
	"GET /test/{id}":         toAll,
	"GET /static/{file}":     toAll,
}

// credential is what a request proves itself with.
type credential struct {
	name   string
	token  string // in the Authorization header
	cookie string // of a session: whose
	allows []rule // of the rules that ask for a token
	away   bool   // who gave the token cannot be asked
}

// status says what a cell of the matrix must be.
func (c credential) status(r rule) (what string, is func(int) bool) {
	good := slices.Contains(c.allows, r)
	one := func(status int) func(int) bool { return func(got int) bool { return got == status } }
	switch {
	case good:
		return "let in", func(got int) bool { return got != http.StatusUnauthorized && got != http.StatusForbidden && got < 500 }
	case c.away && r != toInfo && r != toProfile: // which are about tokens of ours
		return "503", one(http.StatusServiceUnavailable)
	case r == toInfo, r == toProfile && !slices.Contains(c.allows, toInfo):
		return "400", one(http.StatusBadRequest)
	case r == toProfile, (r == toTesters || r == toTests) && slices.Contains(c.allows, toRead):
		return "403", one(http.StatusForbidden)
	}
	return "401", one(http.StatusUnauthorized)
}

func TestEveryRouteLetsInWhomTheMatrixSays(t *testing.T) {
	t.Parallel()
	f := newMatrix(t)
	routes := slices.Concat(smapi.Routes(), lwa.Routes(), signin.Routes(), web.Routes())
	for _, route := range routes {
		rule, listed := matrix[route]
		if !listed {
			t.Errorf("%s has no row: say who may use it", route)
			continue
		}
		f.walk(t, route, rule)
	}
	for route := range matrix {
		if !slices.Contains(routes, route) {
			t.Errorf("%s has a row and is not there", route)
		}
	}
}
