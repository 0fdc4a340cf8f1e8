package smapi_test

import (
	"strings"
	"testing"

	"tryout/internal/beta"
)

func TestTestersAreAddedWithALanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("there@x.test")
	s.expect(204, "POST", ours+"/testers", `{"mail":true,"testers":[{"language":"de-AT","emailId":"a@x.test"},{"emailId":"b@x.test"},
		{"emailId":"A@X.test","language":"fr"},{"emailId":"there@x.test","language":"de"},{"emailId":"c@x.test","language":"","notes":"x"}]}`)
	for email, want := range map[string]beta.Language{"a@x.test": "de-AT", "b@x.test": "", "there@x.test": "", "c@x.test": ""} {
		equal(t, "language of "+email, s.tester(email).Language, want)
	}
	equal(t, "mails", len(s.mails()), 4)
	if got := s.expect(200, "GET", ours+"/testers/a@x.test", "").body; !strings.Contains(got, `"language":"de-AT"`) {
		t.Errorf("the story: got %s, want the language in it", got)
	}
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	if got := s.expect(200, "GET", ours+"/testers/a@x.test", "").body; !strings.Contains(got, `"language":"de-AT"`) {
		t.Errorf("the story once removed: got %s, want the language in it", got)
	}
}

func TestQuietlyAddedTestersAreNotMailedAndCanBeReminded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	batch := s.expect(204, "POST", ours+"/testers", `{"testers":[{"emailId":"a@x.test"}],"mail":false}`).Header.Get("X-Tryout-Batch")
	equal(t, "mails", len(s.mails()), 0)
	if got := s.expect(200, "GET", ours+"/batches/"+batch, "").body; !strings.Contains(got, `"result":"ADDED","reason":"QUIET"`) {
		t.Errorf("the batch: got %s, want ADDED, QUIET", got)
	}
	s.expect(204, "POST", testers+"/sendReminder", addresses("a@x.test"))
	equal(t, "mails after the reminder", len(s.mails()), 1)
}

func TestAWrongAdditionIsToldWhereItIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running()
	for body, want := range map[string]string{
		`{"testers":[{"emailId":"a@x.test"},{"emailId":"b@x.test","language":"german"}]}`: `INVALID_STRING_PATTERN","message":"$.testers[1].language: must be a language tag`,
		`{"testers":[{"emailId":"a@x.test","language":"de-at"}]}`:                         `INVALID_STRING_PATTERN","message":"$.testers[0].language: `,
		`{"testers":[{"emailId":"a@x.test","language":"de\r\nBcc"}]}`:                     `INVALID_STRING_PATTERN","message":"$.testers[0].language: `,
		`{"testers":[{"emailId":"a@x.test","language":null}]}`:                            `INVALID_DATA_TYPE","message":"$.testers[0].language: must be a string`,
		`{"testers":[{"emailId":"a@x.test"}],"mail":"false"}`:                             `INVALID_DATA_TYPE","message":"$.mail: must be true or false`,
		`{"testers":[{"language":"de"}]}`:                                                 `MISSING_REQUIRED_PROPERTY","message":"$.testers[0].emailId: is missing`,
		`{"mail":false}`:                                                                  `MISSING_REQUIRED_PROPERTY","message":"$.testers: is missing`,
		`{"testers":[]}`:                                                                  `INVALID_ARRAY_SIZE`,
		`[]`:                                                                              `INVALID_DATA_TYPE","message":"$: must be an object`,
	} {
		if got := s.expect(400, "POST", ours+"/testers", body).body; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s in it", body, got, want)
		}
	}
	s.expect(404, "GET", ours+"/testers/a@x.test", "")
}

func TestATestHasALanguageThatTheNextTakesOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(404, "PUT", ours+"/language", `{"language":"de"}`)
	s.running("a@x.test")
	s.expect(204, "PUT", ours+"/language", `{"language":"de"}`)
	letter, wanted, err := s.service.Letter(t.Context(), s.mails()[0])
	s.must(err)
	if letter.Language != "de" || !wanted {
		t.Errorf("the letter: got %+v, want it in de", letter)
	}
	for body, code := range map[string]string{`{"language":"English"}`: "INVALID_STRING_PATTERN", `{}`: "MISSING_REQUIRED_PROPERTY", `{"language":1}`: "INVALID_DATA_TYPE"} {
		wantCode(t, s.expect(400, "PUT", ours+"/language", body), code)
	}
	s.expect(202, "POST", test+"/end", "")
	wantCode(t, s.expect(409, "PUT", ours+"/language", `{"language":""}`), "PRECONDITION_NOT_MET")
	s.expect(201, "POST", test, "")
	next, _, err := s.service.BetaTest(t.Context(), beta.Caller{Vendor: "A"}, skill)
	s.must(err)
	equal(t, "language of the next test", next.Language, beta.Language("de"))
	s.expect(204, "PUT", ours+"/language", `{"language":""}`)
}
