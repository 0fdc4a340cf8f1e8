package smapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tryout/internal/lwa"
)

// The examples of Amazon's "Beta Tester Management REST API Reference", as the
// page prints them.
const (
	referenceRequest = `{
    "testers": [{
        "emailId": "example@email.address"
    }]
}`
	referenceList = `{
  "testers": [
    {
      "emailId": "example@email.address",
      "associationDate": "2018-09-26T07:32:37.589Z",
      "isReminderAllowed": true,
      "invitationStatus": "ACCEPTED"
    }
  ],
  "isTruncated": true,
  "nextToken": "someToken.1"
}`
	referenceError = `{
     "message": "The property is outside the allowed range.",
     "code": "INVALID_STRING_LENGTH"
}`
)

var nextToken = regexp.MustCompile(`"nextToken":"[^"]+"`)

// The clock of the tests stands at the page's associationDate; a day later the
// tester may be reminded.
func TestTheReferencePagesRequestGivesItsResponse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	s.expect(http.StatusNoContent, "POST", testers+"/add", referenceRequest)
	s.expect(http.StatusNoContent, "POST", testers+"/add", addresses("second@email.address"))
	s.accept("example@email.address")
	s.mails()
	s.clock.Advance(24 * time.Hour)
	s.token = s.issue("A", lwa.ScopeRead)

	a := s.expect(http.StatusOK, "GET", testers+"?maxResults=1", "")
	got := nextToken.ReplaceAllString(a.body, `"nextToken":"someToken.1"`)
	equal(t, "list", got, compact(t, referenceList))
}

func TestTheReferencePagesErrorIsOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	a := s.expect(http.StatusBadRequest, "POST", testers+"/add", addresses(""))
	want := strings.TrimSuffix(compact(t, referenceError), "}")
	if !strings.HasPrefix(a.body, want) {
		t.Errorf("error %s, want it to begin %s", a.body, want)
	}
}

func TestRemoveTakesTheReferencePagesRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("example@email.address")
	s.expect(http.StatusNoContent, "POST", testers+"/remove", referenceRequest)
	a := s.expect(http.StatusOK, "GET", testers, "")
	equal(t, "list", a.body, `{"testers":[],"isTruncated":false}`)
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
