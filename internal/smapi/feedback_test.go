package smapi_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

// write writes as a tester; the text must be one that can be sent.
func (s *site) write(email, rating, text string) {
	s.t.Helper()
	f, err := beta.ParseFeedback(beta.Opinion, rating, text)
	s.must(err)
	_, err = s.service.Write(s.t.Context(), s.tester(email).Link(), f, "3b241101-e2bb-4255-8caf-4136c566a962")
	s.must(err)
}

type said struct {
	EmailID, Kind, Text, Date string
	Rating                    int
}

// feedback walks through all feedback in pages of a size.
func (s *site) feedback(size int) (list []said) {
	s.t.Helper()
	for token := ""; ; {
		a := s.expect(200, "GET", fmt.Sprintf("%s/feedback?maxResults=%d%s", ours, size, token), "", as(s.issue("A", lwa.ScopeRead)))
		var page struct {
			Feedback    []said
			IsTruncated bool
			NextToken   string
		}
		s.must(json.Unmarshal([]byte(a.body), &page))
		list = append(list, page.Feedback...)
		if !page.IsTruncated {
			return list
		}
		token = "&nextToken=" + page.NextToken
	}
}

func TestFeedbackIsListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "B@x.test")
	equal(t, "nothing yet", s.expect(200, "GET", ours+"/feedback", "").body, `{"feedback":[],"isTruncated":false}`)
	for i := range 7 {
		s.write("a@x.test", fmt.Sprint(i%5+1), fmt.Sprint("a", i))
		s.write("b@x.test", "", fmt.Sprint("b", i))
		if i%2 == 0 { // else several at the same moment
			s.clock.Advance(time.Second)
		}
	}
	want := s.feedback(500)
	if len(want) != 14 || want[13].Date != "2018-09-26T07:32:37.589Z" || !slices.IsSortedFunc(want, func(a, b said) int { return strings.Compare(b.Date, a.Date) }) {
		t.Fatalf("got %+v", want)
	}
	for size := 1; size <= 14; size++ {
		equal(t, fmt.Sprint("walk by ", size), s.feedback(size), want)
	}
	equal(t, "the last of b", want[slices.IndexFunc(want, func(f said) bool { return f.Text == "b6" })],
		said{EmailID: "B@x.test", Kind: "FEEDBACK", Text: "b6", Date: "2018-09-26T07:32:40.589Z"})
}

func TestATokenOfFeedbackIsForNoOtherList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "b@x.test")
	s.write("a@x.test", "1", "")
	s.write("a@x.test", "2", "")
	var page struct{ NextToken string }
	s.must(json.Unmarshal([]byte(s.expect(200, "GET", ours+"/feedback?maxResults=1", "").body), &page))
	s.expect(200, "GET", ours+"/feedback?nextToken="+page.NextToken, "")
	wantCode(t, s.expect(400, "GET", testers+"?nextToken="+page.NextToken, ""), "INVALID_REQUEST_PARAMETER")
	wantCode(t, s.expect(400, "GET", ours+"/feedback?nextToken="+s.nextToken(), ""), "INVALID_REQUEST_PARAMETER")
}

func TestFeedbackOfWhoWasRemovedStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	s.write("a@x.test", "5", "Bye.")
	s.expect(204, "POST", testers+"/remove", addresses("a@x.test"))
	if got := s.feedback(10); len(got) != 1 || got[0].EmailID != "a@x.test" {
		t.Errorf("got %+v", got)
	}
}

func TestFeedbackOfAnEarlierRoundStaysReadable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	s.write("a@x.test", "1", "")
	s.write("a@x.test", "2", "")
	first := s.tester("a@x.test").Link()
	s.expect(202, "POST", test+"/end", "")
	s.expect(201, "POST", test, "")
	f, err := beta.ParseFeedback(beta.Opinion, "3", "")
	s.must(err)
	_, err = s.service.Write(t.Context(), first, f, "")
	s.must(err)
	equal(t, "the newest round", len(s.feedback(10)), 0)
	for round, want := range map[string]int{"1": 3, "2": 0} {
		a := s.expect(200, "GET", ours+"/feedback?round="+round, "")
		equal(t, "round "+round, strings.Count(a.body, `"rating"`), want)
	}
	s.expect(404, "GET", ours+"/feedback?round=3", "")
	for _, bad := range []string{"0", "-1", "01", "", "x"} {
		wantCode(t, s.expect(400, "GET", ours+"/feedback?round="+bad, ""), "INVALID_INTEGER_VALUE")
	}
	a := s.expect(200, "GET", ours+"/feedback?round=1&maxResults=1", "")
	var page struct{ NextToken string }
	s.must(json.Unmarshal([]byte(a.body), &page))
	s.expect(200, "GET", ours+"/feedback?round=1&nextToken="+page.NextToken, "")
	wantCode(t, s.expect(400, "GET", ours+"/feedback?nextToken="+page.NextToken, ""), "INVALID_REQUEST_PARAMETER")
	wantCode(t, s.expect(400, "GET", testers+"?nextToken="+page.NextToken, ""), "INVALID_REQUEST_PARAMETER")
	wantCode(t, s.expect(400, "GET", ours+"/feedback?maxResults=501", ""), "INVALID_INTEGER_VALUE")
}

func TestAWayToAskForCSV(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	s.write("a@x.test", "5", `He said "ok", then left`)
	const want = "date,emailId,kind,rating,text\n" + `2018-09-26T07:32:37.589Z,a@x.test,FEEDBACK,5,"He said ""ok"", then left"`
	for _, c := range []struct {
		query, accept string
		csv           bool
	}{
		{"?format=csv", "", true}, {"?format=csv", "application/json", true}, {"?format=json", "text/csv", false},
		{"", "text/csv", true}, {"", "Text/CSV; charset=utf-8, */*", true}, {"", "text/html, text/csv;q=0.9", true},
		{"", "", false}, {"", "*/*", false}, {"", "application/json, text/csv", false}, {"", "text/csvx", false}, {"", ";;,", false},
	} {
		a := s.expect(200, "GET", ours+"/feedback"+c.query, "", header("Accept", c.accept))
		if got := a.body == want; got != c.csv {
			t.Errorf("%q with Accept %q: got\n%s", c.query, c.accept, a.body)
		}
	}
	for _, bad := range []string{"?format=xml", "?format=", "?format=csv&maxResults=5", "?format=csv&nextToken=x"} {
		wantCode(t, s.expect(400, "GET", ours+"/feedback"+bad, ""), "INVALID_REQUEST_PARAMETER")
	}
	s.expect(404, "GET", ours+"/feedback?format=csv&round=9", "")
	s.expect(200, "HEAD", ours+"/feedback?format=csv", "")
}

func TestCSVIsTheWholeList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var emails []string
	for i := range 60 {
		emails = append(emails, fmt.Sprintf("t%02d@x.test", i))
	}
	s.running(emails...)
	for i := range 10 {
		for _, e := range emails {
			s.write(e, "", fmt.Sprint(e, " ", i))
		}
	}
	rows, err := csv.NewReader(strings.NewReader(s.expect(200, "GET", ours+"/feedback?format=csv", "").body)).ReadAll()
	s.must(err)
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[4]] = true
	}
	if len(rows) != 601 || len(seen) != 600 {
		t.Errorf("%d rows, %d texts, want 601 and 600", len(rows), len(seen))
	}
}

// hostileTexts try to be more than a text.
func hostileTexts() []string {
	list := []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "'", "''", "=cmd|' /C calc'!A0", "\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF201",
		`"`, `""`, `a"b`, "a,b", "a;b", "a\nb", "a\r\nb", "\n\na", "<script>alert(1)</script>", "\u202ebackwards", "\u2028x", "{{.}}", "\\", `\u0000`,
		strings.Repeat("x", 4000), strings.Repeat("\U0001F600", 4000), strings.Repeat("\n", 3998) + "x", "\uFEFFx", "e\u0301",
	}
	for _, begin := range []string{"=", "+", "-", "@", "'"} {
		list = append(list, begin+strings.Repeat("\U0001F600\n\"", 1300))
	}
	return list
}

func TestHostileFeedbackIsOnlyAText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test", "+b@x.test", "=c@x.test")
	from := []string{"a@x.test", "+b@x.test", "=c@x.test"}
	want := map[string]bool{}
	for i, text := range hostileTexts() {
		f, err := beta.ParseFeedback(beta.Opinion, "1", text)
		s.must(err)
		s.write(from[i%len(from)], "1", text)
		want[f.Text] = true
	}
	list := s.feedback(7)
	rows, err := csv.NewReader(strings.NewReader(s.expect(200, "GET", ours+"/feedback?format=csv", "").body)).ReadAll()
	s.must(err)
	if len(rows) != len(list)+1 {
		t.Fatalf("%d rows for %d texts", len(rows), len(list))
	}
	for i, row := range rows[1:] {
		wantNoFormula(t, row)
		if got := asWritten(row[4]); got != list[i].Text || !want[got] || asWritten(row[1]) != list[i].EmailID {
			t.Errorf("got the row %.200q and the text %.200q", row, list[i].Text)
		}
	}
}

func wantNoFormula(t rapid.TB, row []string) {
	t.Helper()
	for _, cell := range row {
		if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20", first) {
			t.Errorf("the cell %.100q may be taken for a formula", cell)
		}
	}
}

// asWritten undoes what a cell is guarded with.
func asWritten(cell string) string { return strings.TrimPrefix(cell, "'") }

func TestFeedbackIsItsVendorsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(404, "GET", ours+"/feedback", "")
	s.running("a@x.test")
	for _, query := range []string{"", "?format=csv", "?format=x"} {
		s.expect(http.StatusUnauthorized, "GET", ours+"/feedback"+query, "", as(s.issue("B", lwa.ScopeWrite)))
	}
}

func TestAForwardedMailIsMarkedAndSaysNothingOfTheTester(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.running("a@x.test")
	s.expect(204, "PUT", test, `{"feedbackEmail":"team@x.test"}`)
	s.mails()
	s.clock.Advance(time.Minute)
	s.write("a@x.test", "2", "")
	s.settleAs(beta.Settlement{State: beta.MailFailed, SettledAt: s.clock.Now(), Undeliverable: true,
		Reply: beta.Reply{Step: "RCPT TO", Code: 550, Text: "no such user"}})
	got := s.story("a@x.test")
	if got.MailRefusal != "" || got.Mails[0].Kind != "FORWARD" || got.Mails[0].State != "failed" {
		t.Errorf("got %+v", got)
	}
	if got.History[0].Operation != "WRITE" || got.History[0].Result != "ANSWERED" {
		t.Errorf("history: got %+v", got.History)
	}
}
