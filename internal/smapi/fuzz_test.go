package smapi

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

func FuzzBody(f *testing.F) {
	for _, c := range jsonCases(f) {
		if len(c.text) < 100 && (c.alone || c.inside) { // the fuzzer breaks them by itself
			f.Add(asIgnored(c.text)[0])
		}
	}
	for _, text := range addRequests() {
		if len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Add(`{"feedbackEmail":"team@x.test"}`)
	f.Add(`{"feedbackEmail":""}`)
	f.Add(`{"feedbackEmail":7,"FeedbackEmail":"@"}`)
	f.Fuzz(func(t *testing.T, text string) {
		wantAsEncodingJSON(t, text)
		emails, wrong := readBody(text)
		if isParseFailure(wrong) {
			wantParseFailureAlone(t, text, wrong)
			return
		}
		for _, e := range emails {
			wantEmail(t, e.Given, e)
		}
		wantPlaces(t, text, wrong)
		feedback, err := readFeedbackEmail([]byte(text))
		if err != nil {
			wantPlaces(t, text, err.(violations))
		} else if feedback != nil && *feedback != "" {
			wantEmail(t, *feedback, beta.Email{})
		}
	})
}

// wantParseFailureAlone checks that a text that is no JSON is blamed as a whole, at a byte it has.
func wantParseFailureAlone(t *testing.T, text string, wrong violations) {
	t.Helper()
	message := wrong[0].Message
	_, at, near := strings.Cut(message, ", near byte ")
	offset, err := strconv.Atoi(at)
	if len(wrong) != 1 || !strings.HasPrefix(message, "$: ") || near && (err != nil || offset > len(text)) || !utf8.ValidString(message) {
		t.Errorf("%q: got %v, want one violation that names the whole", text, wrong)
	}
}

// wantEmail checks that an address is one; zero for want takes any.
func wantEmail(t *testing.T, text string, want beta.Email) {
	t.Helper()
	if e, err := beta.ParseEmail(text); err != nil || want != (beta.Email{}) && e != want {
		t.Errorf("%q was taken as %+v; parsed again: %+v, %v", text, want, e, err)
	}
}

// wantPlaces checks that each violation names a place of its own, and rightly.
func wantPlaces(t *testing.T, text string, wrong violations) {
	t.Helper()
	var whole any
	if err := json.Unmarshal([]byte(text), &whole); err != nil && len(wrong) > 0 && !isNumberTooLarge(err) {
		t.Fatalf("%q: got %v of what encoding/json cannot read: %v", text, wrong, err)
	}
	seen := map[string]bool{}
	for _, v := range wrong {
		path, _, _ := strings.Cut(v.Message, ": ")
		if value, there := at(whole, path); seen[path] || !isRightly(v.Code, value, there) {
			t.Errorf("%q: got %v at %#v, there: %v", text, v, value, there)
		}
		seen[path] = true
	}
}

// isNumberTooLarge: encoding/json reads all the same, but for the number.
func isNumberTooLarge(err error) bool {
	_, is := err.(*json.UnmarshalTypeError)
	return is
}

// at returns what stands at $, $.testers, $.testers[17] or $.testers[17].emailId.
func at(value any, path string) (any, bool) {
	for _, step := range strings.FieldsFunc(strings.TrimPrefix(path, "$"), func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		switch v := value.(type) {
		case map[string]any:
			member, there := v[step]
			if !there {
				return v, false
			}
			value = member
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// isRightly reports whether code can be said of the value; when it is not
// there, value is the object that should have it.
func isRightly(code string, value any, there bool) bool {
	text, isText := value.(string)
	list, isList := value.([]any)
	switch code {
	case codeMissing:
		return !there && value != nil
	case codeDataType:
		return there // as what, wantAsEncodingJSON asks
	case codeArraySize:
		return there && isList && (len(list) == 0 || len(list) > maxTesters)
	case beta.CodeLength, beta.CodePattern:
		_, err := beta.ParseEmail(text)
		v, _ := err.(beta.Violation)
		return there && isText && v.Code == code
	}
	return false
}

// The key is a new one in each process, so that nothing the fuzzer comes up
// with, or kept from before, can be a token that was given out.
func FuzzPageToken(f *testing.F) {
	key := make([]byte, 32)
	rand.Read(key)
	start := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	f.Add("testers 1 A s", "skills A", int64(1), "a@x.test", uint32(0), uint16(0), uint16(0), "")
	f.Add("testers 1 A s", "testers 2 A s", int64(1), "a@x.test", uint32(86_400_000), uint16(3), uint16(1), "A")
	f.Add("", "a", int64(-1), "", uint32(86_400_001), uint16(40), uint16(99), "==")
	f.Add("skills A", "skills B", int64(0), strings.Repeat("s", 255), uint32(1), uint16(999), uint16(0), "\n")
	f.Add("a", "a", int64(0), strings.Repeat("x", 2000), uint32(1), uint16(0), uint16(9999), strings.Repeat("A", 2048))
	f.Fuzz(func(t *testing.T, scope, other string, test int64, after string, age uint32, from, cut uint16, put string) {
		now := start
		p, err := NewPages(key, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		want := mark{beta.TestID(test), after}
		token := p.token(scope, want)
		if len(token) > maxPageToken {
			wantNoMark(t, p, scope, token, beta.CodeLength)
			return
		}
		if got, err := p.parse(scope, token); got != want || err != nil {
			t.Errorf("%q: got %+v, %v, want %+v", token, got, err, want)
		}
		if other != scope {
			wantNoMark(t, p, other, token, codeParameter)
		}
		for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" { // some of its bits may mean nothing
			if forged := token[:len(token)-1] + string(last); forged != token {
				wantNoMark(t, p, scope, forged, codeParameter)
			}
		}
		changed := spliced(token, int(from), int(cut), put)
		for _, forged := range []string{changed, put} {
			if forged != token {
				wantNoMark(t, p, scope, forged, codeParameter, beta.CodeLength)
			}
		}
		now = now.Add(time.Duration(age) * time.Millisecond)
		if got, err := p.parse(scope, token); age <= 86_400_000 && (got != want || err != nil) {
			t.Errorf("%d ms later: got %+v, %v, want %+v", age, got, err, want)
		}
		if age > 86_400_000 {
			wantNoMark(t, p, scope, token, codeExpired)
		}
	})
}

func wantNoMark(t *testing.T, p Pages, scope, token string, codes ...string) {
	t.Helper()
	got, err := p.parse(scope, token)
	v, is := err.(beta.Violation)
	if got != (mark{}) || !is || !slices.Contains(codes, v.Code) {
		t.Errorf("%.100q for %q: got %+v, %v, want it refused with one of %v", token, scope, got, err, codes)
	}
}

// spliced returns s with put in place of cut bytes at from.
func spliced(s string, from, cut int, put string) string {
	from = min(from, len(s))
	return s[:from] + put + s[min(from+cut, len(s)):]
}

func FuzzQuery(f *testing.F) {
	for _, raw := range []string{
		"", "maxResults=10", "maxResults=500&nextToken=abc", "vendorId=A", "vendorId=A&skillId=1&skillId=2", "maxResults=1&maxResults=2",
		"maxResults=010", "maxResults=%31", "maxResults=+1", "maxResults=-1", "maxResults=99999999999999999999", "maxResults", "maxResults=",
		"%6daxResults=5", "a;b=1", "a=%zz", "a=%", "&&&", "=", "=&=", "nextToken=", "vendorId=", "vendorId=%ff", "vendorId=" + strings.Repeat("é", 255),
		"vendorId=%00", "MAXRESULTS=0", "maxResults=5#x", "maxResults=٣", strings.Repeat("a&", 300), "nextToken=" + strings.Repeat("A", 2048),
	} {
		f.Add(raw)
	}
	key := make([]byte, 32)
	rand.Read(key)
	p, err := NewPages(key, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		wantQuery(t, raw, "skillId")
		values, taken := wantQuery(t, raw, "")
		if !taken {
			return
		}
		wantResults(t, raw, &query{values: values})
		wantName(t, raw, &query{values: values})
		q := &query{values: values}
		if m := q.nextToken(p, ""); m != (mark{}) || values.Has("nextToken") == (q.wrong == nil) {
			t.Errorf("%q: got %+v and %v of a token that nobody gave out", raw, m, q.wrong)
		}
	})
}

// wantQuery checks that a query is taken exactly when it is well-formed and
// says nothing twice but repeat, and that nothing is lost or made up.
func wantQuery(t *testing.T, raw, repeat string) (values url.Values, taken bool) {
	t.Helper()
	c := &call{r: &http.Request{URL: &url.URL{RawQuery: raw}}, route: &route{repeat: repeat}}
	wrong := c.readQuery()
	want, good := pairs(raw)
	for name, list := range want {
		good = good && (len(list) == 1 || repeat != "" && name == repeat)
	}
	taken = wrong == nil
	if many := strings.Count(raw, "&") >= 10_000; taken != good && !many {
		t.Errorf("%.200q: taken is %v, want %v", raw, taken, good)
	}
	if taken && c.query.Encode() != want.Encode() {
		t.Errorf("%.200q: got %v, want %v", raw, c.query, want)
	}
	return c.query, taken
}

// pairs reads a query the plain way.
func pairs(raw string) (values url.Values, good bool) {
	values = url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || strings.Contains(pair, ";") {
			return nil, false
		}
		if pair != "" {
			values.Add(name, value)
		}
	}
	return values, true
}

func wantResults(t *testing.T, raw string, q *query) {
	t.Helper()
	n := q.maxResults(100, 500)
	list, given := q.values["maxResults"]
	want := !given && n == 100 || given && list[0] == strconv.Itoa(n)
	if refused := q.wrong != nil; n < 1 || n > 500 || refused == want {
		t.Errorf("%q: got %d and %v", raw, n, q.wrong)
	}
}

func wantName(t *testing.T, raw string, q *query) {
	t.Helper()
	if name := q.name("vendorId"); q.wrong == nil && (name == "" || utf8.RuneCountInString(name) > 255 || name != q.values.Get("vendorId")) {
		t.Errorf("%q: took the vendor %q", raw, name)
	}
}

func FuzzPath(f *testing.F) {
	for _, r := range table() {
		f.Add(r.method, r.pattern)
		f.Add("GET", strings.ReplaceAll(strings.ReplaceAll(r.pattern, "{", "%7B"), "}", "%7d"))
	}
	for _, path := range []string{
		"", "/", "//", "*", "/v1", "/v1/", "/v1//skills", "/v1/skills/", "/v1/skills//betaTest", "/v1/skills/s/betaTest/", "/v1/skills/./betaTest",
		"/v1/skills/../betaTest", "/v1/skills/%2e%2e/betaTest", "/v1/skills/.../betaTest", "/v1/./skills", "/v1/x/../skills", "/V1/skills",
		"/v1/skills/a%2Fb/betaTest", "/v1/skills/a%2fb%2F/betaTest/testers", "/v1%2Fskills", "/%761/skills", `/%761/skills/a"/betaTest`, `/v1%2Fskills/a"/betaTest`, `/v1/skills/a%2Fb"/betaTest`, "/v1/skills/%/betaTest", "/v1/skills/%zz/betaTest",
		"/v1/skills/%ff/betaTest", "/v1/skills/\xff/betaTest", "/v1/skills/é/betaTest", "/v1/skills/%c3%a9/betaTest", "/v1/skills/a b/betaTest",
		"/v1/skills/a+b/betaTest", "/v1/skills/a;b=c/betaTest", "/v1/skills/%00/betaTest", "/v1/skills/%0d%0a/betaTest", "/v1/skills/\"/betaTest",
		"/v1/skills/%2522/betaTest", "/v1/skills/" + strings.Repeat("é", 255) + "/betaTest", "/v1/skills/" + strings.Repeat("x", 256) + "/betaTest",
		"https://x.test/v1/skills", "//x.test/v1/skills", "/v1/skills?a=/b", "/v1/skills#a", "/openapi.yaml/", "/openapi%2eyaml",
		"/x/v1/skills/s/entitlements/a%40x.test", "/x/v1/skills/s/entitlements/..", "/x/v1/skills/s/batches/",
	} {
		f.Add("GET", path)
		f.Add("POST", path)
	}
	a := New(API{Access: lwa.Access{Now: time.Now}}) // nobody has a token, so nothing behind it is reached
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target) // as net/http reads a request line
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{}}
		wantNoRedirect(t, a, r)
		rt, args, err := a.find(&call{w: httptest.NewRecorder(), r: r})
		if err != nil {
			return
		}
		if path := filled(rt.pattern, args); !strings.HasPrefix(target+"?", path+"?") && !u.IsAbs() {
			t.Errorf("%q: got the pattern %s with %q, which is %q", target, rt.pattern, args, path)
		}
		if slices.Contains(args, ".") || slices.Contains(args, "..") || slices.ContainsFunc(args, func(s string) bool { return strings.Contains(s, "/") }) {
			t.Errorf("%q: got the parameters %q", target, args)
		}
		wantOneRoute(t, a, rt, sent(u))
		wantWayBack(t, a, args)
	})
}

// wantNoRedirect asks without a token.
func wantNoRedirect(t *testing.T, a *API, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	served := w.Code == http.StatusOK && sent(r.URL) == "/openapi.yaml"
	refused := w.Code == http.StatusUnauthorized || w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed
	if !served && !refused || w.Header().Get("Location") != "" || refused && !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s %q: got %d, %v, %s", r.Method, r.URL, w.Code, w.Header(), w.Body)
	}
}

// filled puts args into the {parameters} of a pattern.
func filled(pattern string, args []string) string {
	var path strings.Builder
	for _, arg := range args {
		before, rest, _ := strings.Cut(pattern, "{")
		_, pattern, _ = strings.Cut(rest, "}")
		path.WriteString(before + arg)
	}
	return path.String() + pattern
}

// wantOneRoute checks that a path has one meaning, whatever the order of the table.
func wantOneRoute(t *testing.T, a *API, found *route, path string) {
	t.Helper()
	for i := range a.routes {
		if match(a.routes[i].path, segments(nil, path)) && a.routes[i].pattern != found.pattern {
			t.Errorf("%q: is both %s and %s", path, found.pattern, a.routes[i].pattern)
		}
	}
}

// wantWayBack checks that the Location we answer with leads to the skill that
// was named. A skill called "." or ".." has no clean path.
func wantWayBack(t *testing.T, a *API, args []string) {
	t.Helper()
	c := &call{w: httptest.NewRecorder()}
	if err := c.bind(args); err != nil || c.skill == "" || c.skill == "." || c.skill == ".." {
		return
	}
	c.located(http.StatusCreated)
	location := c.w.Header().Get("Location")
	u, err := url.ParseRequestURI(location)
	if err != nil {
		t.Fatalf("%q: got the Location %q: %v", c.skill, location, err)
	}
	_, back, err := a.find(&call{w: httptest.NewRecorder(), r: &http.Request{Method: "GET", URL: u}})
	again := &call{}
	if err == nil {
		err = again.bind(back)
	}
	if again.skill != c.skill || err != nil {
		t.Errorf("%q: got the Location %q, which leads to %q: %v", c.skill, location, again.skill, err)
	}
}
