package smapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/smapi"
)

func TestTheLifeOfATest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, step := range []struct {
		status       int
		method, path string
		body         string
	}{
		{404, "GET", test, ""},
		{404, "POST", test + "/start", ""},
		{201, "POST", test, `{"feedbackEmail":"team@x.test"}`},
		{409, "POST", test, ""},
		{204, "PUT", test, `{"feedbackEmail":""}`},
		{204, "POST", testers + "/add", addresses("a@x.test")},
		{409, "POST", testers + "/sendReminder", addresses("a@x.test")},
		{202, "POST", test + "/start", ""},
		{409, "POST", test + "/start", ""},
		{409, "POST", test, ""},
		{204, "PUT", test, `{}`},
		{204, "POST", testers + "/requestFeedback", addresses("a@x.test")},
		{202, "POST", test + "/end", ""},
		{409, "POST", test + "/end", ""},
		{409, "PUT", test, `{}`},
		{409, "POST", testers + "/remove", addresses("a@x.test")},
		{200, "GET", testers, ""},
		{201, "POST", test, ""},
	} {
		s.expect(step.status, step.method, step.path, step.body)
	}
}

func TestABetaTestIsShownAsDocumented(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.expect(201, "POST", test, `{"feedbackEmail":"team@x.test"}`)
	equal(t, "Location", a.Header.Get("Location"), test)
	equal(t, "body", a.body, "")
	equal(t, "Content-Type", a.Header.Get("Content-Type"), "")
	s.expect(202, "POST", test+"/start", "")
	s.expect(204, "POST", testers+"/add", addresses("a@x.test"))
	url := "https://beta.example/test/" + s.tester("a@x.test").Test.String()
	equal(t, "test", s.expect(200, "GET", test, "").body,
		`{"status":"RUNNING","expiryDate":"2018-12-25T07:32:37.589Z","feedbackEmail":"team@x.test",`+
			`"invitationUrl":"`+url+`","invitesRemaining":499}`)
	s.clock.Advance(90 * 24 * time.Hour)
	s.token = s.issue("A", lwa.ScopeWrite)
	if a := s.expect(200, "GET", test, ""); !strings.Contains(a.body, `"status":"ENDED"`) {
		t.Errorf("after 90 days: %s; want ENDED", a.body)
	}
}

func TestPagesHoldEveryTesterOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var want []string
	for i := range 23 {
		want = append(want, fmt.Sprintf("t%02d@x.test", i))
	}
	s.running(want...)
	for _, size := range []int{1, 4, 22, 23, 24, 500} {
		equal(t, fmt.Sprintf("walk by %d", size), s.walk(size), want)
	}
}

// walk lists all testers, page by page.
func (s *site) walk(size int) (emails []string) {
	s.t.Helper()
	token := ""
	for {
		a := s.expect(200, "GET", fmt.Sprintf("%s?maxResults=%d%s", testers, size, token), "")
		var page struct {
			Testers     []struct{ EmailID string }
			IsTruncated bool
			NextToken   *string
		}
		s.must(json.Unmarshal([]byte(a.body), &page))
		for _, t := range page.Testers {
			emails = append(emails, t.EmailID)
		}
		if page.IsTruncated != (page.NextToken != nil) {
			s.t.Fatalf("isTruncated and nextToken disagree: %s", a.body)
		}
		if !page.IsTruncated {
			return emails
		}
		token = "&nextToken=" + *page.NextToken
	}
}

func TestAPageTokenIsBoundAndAges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test", "c@x.test")
	token := s.nextToken()
	if strings.Contains(token, "a@x.test") {
		t.Error("the token shows an address")
	}
	next := testers + "?nextToken="
	s.expect(200, "GET", next+token, "")

	wantCode(t, s.expect(400, "GET", next, ""), "INVALID_STRING_LENGTH")
	wantCode(t, s.expect(400, "GET", next+strings.Repeat("A", 2048), ""), "INVALID_STRING_LENGTH")
	for i := range token {
		forged := token[:i] + string(token[i]^1) + token[i+1:]
		a := s.ask("GET", next+forged, "")
		if a.StatusCode != 400 {
			t.Fatalf("byte %d flipped: status %d, want 400", i, a.StatusCode)
		}
	}
	s.token = s.issue("B", lwa.ScopeWrite)
	other := "/v1/skills/" + theirs + "/betaTest"
	s.expect(201, "POST", other, "")
	wantCode(t, s.expect(400, "GET", other+"/testers?nextToken="+token, ""), "INVALID_REQUEST_PARAMETER")

	s.clock.Advance(24 * time.Hour)
	s.token = s.issue("A", lwa.ScopeWrite)
	s.expect(200, "GET", next+token, "")
	s.clock.Advance(time.Millisecond)
	wantCode(t, s.expect(400, "GET", next+token, ""), "PARAMETER_EXPIRED")
}

func (s *site) nextToken() string {
	s.t.Helper()
	a := s.expect(200, "GET", testers+"?maxResults=1", "")
	var page struct{ NextToken string }
	s.must(json.Unmarshal([]byte(a.body), &page))
	return page.NextToken
}

func TestAPageTokenEndsWithItsRound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test")
	token := s.nextToken()
	s.expect(202, "POST", test+"/end", "")
	s.expect(201, "POST", test, "")
	wantCode(t, s.expect(400, "GET", testers+"?nextToken="+token, ""), "INVALID_REQUEST_PARAMETER")
}

func TestOneBadEntryRefusesAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("here@x.test")
	s.mails()
	body := `{"testers":[{"emailId":"good@x.test"},{"emailId":"bad"},{"emailid":"x@x.test"},{"emailId":7},null,{"emailId":""}]}`
	for _, op := range []string{"add", "remove", "sendReminder", "requestFeedback"} {
		a := s.expect(400, "POST", testers+"/"+op, body)
		var e struct {
			Code       string
			Violations []struct{ Code, Message string }
		}
		s.must(json.Unmarshal([]byte(a.body), &e))
		var got []string
		for _, v := range e.Violations {
			path, _, _ := strings.Cut(v.Message, ": ")
			got = append(got, v.Code+" "+path)
		}
		equal(t, op, got, []string{
			"INVALID_STRING_PATTERN $.testers[1].emailId",
			"MISSING_REQUIRED_PROPERTY $.testers[2].emailId",
			"INVALID_DATA_TYPE $.testers[3].emailId",
			"INVALID_DATA_TYPE $.testers[4]",
			"INVALID_STRING_LENGTH $.testers[5].emailId",
		})
		equal(t, op+" code", e.Code, "INVALID_STRING_PATTERN")
	}
	equal(t, "testers", s.walk(100), []string{"here@x.test"})
	equal(t, "mails", len(s.mails()), 0)
}

func TestTheCapIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ *smapi.API, r *beta.Rules) { r.Cap = 3 })
	s.running("a@x.test", "b@x.test")
	wantCode(t, s.expect(409, "POST", testers+"/add", addresses("c@x.test", "d@x.test")), "PRECONDITION_NOT_MET")
	equal(t, "testers", s.walk(10), []string{"a@x.test", "b@x.test"})
	s.expect(204, "POST", testers+"/add", addresses("A@X.test", "c@x.test", "C@x.test"))
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	s.expect(204, "POST", testers+"/add", addresses("d@x.test"))
	equal(t, "testers", s.walk(10), []string{"b@x.test", "c@x.test", "d@x.test"})
}

func TestABatchSaysWhatBecameOfEachAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("Old@x.test")
	a := s.expect(204, "POST", testers+"/add", addresses("new@x.test", "old@X.test", "NEW@x.test"))
	s.expect(204, "POST", testers+"/remove", addresses("new@x.test"))
	gone := s.expect(204, "POST", testers+"/remove", addresses("new@x.test", "never@x.test"))
	equal(t, "add", s.entries(a), []string{"new@x.test ADDED ", "Old@x.test ALREADY_THERE ", "new@x.test ALREADY_THERE REPEATED"})
	equal(t, "remove", s.entries(gone), []string{"new@x.test NOT_THERE NOT_THERE", "never@x.test NOT_THERE NOT_THERE"})
	wantCode(t, s.expect(404, "GET", "/x/v1/skills/"+skill+"/batches/none", ""), "RESOURCE_NOT_FOUND")
	s.expect(401, "GET", "/x/v1/skills/"+skill+"/batches/"+a.Header.Get("X-Tryout-Batch"), "", as(s.issue("B", lwa.ScopeRead)))
}

func (s *site) entries(a answer) (list []string) {
	s.t.Helper()
	report := s.expect(200, "GET", "/x/v1/skills/"+skill+"/batches/"+a.Header.Get("X-Tryout-Batch"), "")
	var batch struct {
		Entries []struct{ EmailID, Result, Reason string }
	}
	s.must(json.Unmarshal([]byte(report.body), &batch))
	for _, e := range batch.Entries {
		list = append(list, e.EmailID+" "+e.Result+" "+e.Reason)
	}
	return list
}

func TestOnlyWhoAcceptedIsEntitled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	check := func(want bool, email string) {
		t.Helper()
		a := s.expect(200, "GET", "/x/v1/skills/"+skill+"/entitlements/"+email, "", as(s.issue("A", lwa.ScopeRead)))
		equal(t, email, a.body, fmt.Sprintf(`{"entitled":%t}`, want))
	}
	check(false, "a@x.test")
	check(false, "unknown@x.test")
	s.accept("a@x.test")
	check(true, "A@x.test")
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	check(false, "a@x.test")
	wantCode(t, s.expect(400, "GET", "/x/v1/skills/"+skill+"/entitlements/nobody", ""), "INVALID_STRING_PATTERN")
}

func TestVendorsAndSkills(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 3 {
		s.must(s.service.CreateSkill(t.Context(), beta.Skill{ID: beta.SkillID(fmt.Sprint("s", i)), Vendor: "A", Name: "n"}))
	}
	equal(t, "vendors", s.expect(200, "GET", "/v1/vendors", "").body, `{"vendors":[{"id":"A","name":"Vendor A","roles":["ROLE_DEVELOPER"]}]}`)
	a := s.expect(200, "GET", "/v1/skills?vendorId=A&maxResults=3", "")
	var page struct {
		Skills    []struct{ SkillID string }
		NextToken string
	}
	s.must(json.Unmarshal([]byte(a.body), &page))
	equal(t, "first page", len(page.Skills), 3)
	a = s.expect(200, "GET", "/v1/skills?vendorId=A&nextToken="+page.NextToken, "")
	if !strings.Contains(a.body, `"skillId":"s2"`) || !strings.Contains(a.body, `"isTruncated":false`) {
		t.Errorf("second page: %s", a.body)
	}
	a = s.expect(200, "GET", "/v1/skills?vendorId=A&skillId=s1&skillId="+theirs+"&skillId=none", "")
	if strings.Count(a.body, "skillId") != 1 || !strings.Contains(a.body, `"s1"`) {
		t.Errorf("by id: %s, want s1 alone", a.body)
	}
	s.expect(401, "GET", "/v1/skills?vendorId=B", "")
	s.expect(400, "GET", "/v1/skills", "")
	status := "/v1/skills/" + skill + "/status"
	good := `{"manifest":{"lastUpdateRequest":{"status":"SUCCEEDED"}}}`
	equal(t, "status", s.expect(200, "GET", status, "").body, good)
	equal(t, "status", s.expect(200, "GET", status+"?resource=manifest&resource=interactionModel", "").body, good)
	equal(t, "status", s.expect(200, "GET", status+"?resource=interactionModel", "").body, "{}")
}

func TestHeadAnswersAsGetWithoutABody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	get, head := s.expect(200, "GET", testers, ""), s.expect(200, "HEAD", testers, "")
	equal(t, "body", head.body, "")
	equal(t, "length", head.ContentLength, int64(len(get.body)))
	s.expect(405, "HEAD", testers+"/add", "")
}

func TestBodiesOfEveryClientAreTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := header("Content-Type", "application/x-www-form-urlencoded")
	s.expect(201, "POST", test, "", form)
	s.expect(202, "POST", test+"/start", "", form)
	s.expect(200, "GET", test, "{}")
	s.expect(204, "POST", testers+"/add", addresses("a@x.test"), func(r *http.Request) { r.ContentLength = -1 })
	s.expect(204, "POST", testers+"/add", addresses(` b@x.test\t`), func(r *http.Request) { r.Header.Del("Content-Type") })
}

func TestTheTokenMayStandBare(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(200, "GET", "/v1/vendors", "", header("Authorization", s.token))
	s.expect(200, "GET", "/v1/vendors", "", header("Authorization", "bEARER "+s.token))
	a := s.expect(401, "GET", "/v1/vendors?access_token="+s.token, "", func(r *http.Request) { r.Header.Del("Authorization") })
	equal(t, "WWW-Authenticate", a.Header.Get("WWW-Authenticate"), "Bearer")
}

func TestSixteenDeepIsReadAndSeventeenIsNot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	nested := func(depth int) string { // the object around it is the first level
		return strings.TrimSuffix(addresses("a@x.test"), "}") + `,"x":` +
			strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
	}
	s.expect(204, "POST", testers+"/add", nested(16))
	wantCode(t, s.expect(400, "POST", testers+"/add", nested(17)), "CONTENT_PARSE_FAILURE")
}
