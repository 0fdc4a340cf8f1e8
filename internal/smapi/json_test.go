package smapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"tryout/internal/beta"
)

//go:embed testdata/json.txt
var jsonTable string

// jsonCase is one line of the table.
type jsonCase struct {
	name, text    string
	alone, inside bool // whether it is taken as a whole body, and one level deeper
}

func jsonCases(t testing.TB) (list []jsonCase) {
	t.Helper()
	for line := range strings.Lines(jsonTable) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		c := jsonCase{name: name}
		switch {
		case name == "" || name == "#":
			continue
		case strings.HasPrefix(name, "y_"):
			c.alone, c.inside = true, true
		case strings.HasPrefix(name, "i_"):
			var decided string
			decided, rest, _ = strings.Cut(rest, " ")
			c.alone, c.inside = decided != "refused", decided == "taken"
		case !strings.HasPrefix(name, "n_"):
			t.Fatalf("%s: neither y_, n_ nor i_", name)
		}
		c.text = joined(t, name, rest)
		list = append(list, c)
	}
	return list
}

// joined reads a row of Go strings, each with *n behind it or not.
func joined(t testing.TB, name, row string) string {
	t.Helper()
	var text strings.Builder
	for row != "" {
		quoted, err := strconv.QuotedPrefix(row)
		if err != nil {
			t.Fatalf("%s: %q: %v", name, row, err)
		}
		piece, _ := strconv.Unquote(quoted) // QuotedPrefix has looked at it
		times := 1
		count, rest, _ := strings.Cut(row[len(quoted):], " ")
		if count != "" {
			if times, err = strconv.Atoi(strings.TrimPrefix(count, "*")); err != nil {
				t.Fatalf("%s: %q behind a string: %v", name, count, err)
			}
		}
		text.WriteString(strings.Repeat(piece, times))
		row = rest
	}
	return text.String()
}

// asIgnored returns requests to add a@x.test that have value in a member nobody asked for.
func asIgnored(value string) []string {
	const wanted = `"testers":[{"emailId":"a@x.test"}]`
	return []string{`{"x":` + value + `,` + wanted + `}`, `{` + wanted + `,"x":` + value + `}`}
}

// readBody reads text as the body of a request that names testers.
func readBody(text string) ([]beta.Email, violations) {
	c := &call{r: &http.Request{Body: io.NopCloser(strings.NewReader(text))}}
	body, err := c.body(false)
	if err == nil {
		var emails []beta.Email
		if emails, err = readTesters(body); err == nil {
			return emails, nil
		}
		err = invalid(err)
	}
	return nil, err.(*beta.Error).Violations
}

func isParseFailure(wrong violations) bool { return wrong != nil && wrong[0].Code == codeParse }

func TestJSONIsReadAsTheTableSays(t *testing.T) {
	t.Parallel()
	for _, c := range jsonCases(t) {
		if _, wrong := readBody(c.text); isParseFailure(wrong) == c.alone {
			t.Errorf("%s: %.100q: got %v; taken should be %v", c.name, c.text, wrong, c.alone)
		}
		for _, text := range asIgnored(c.text) {
			emails, wrong := readBody(text)
			taken := wrong == nil && len(emails) == 1 && emails[0].Key == "a@x.test"
			if taken != c.inside || taken == isParseFailure(wrong) {
				t.Errorf("%s: %.100q: got %v and %v; taken should be %v", c.name, text, emails, wrong, c.inside)
			}
		}
	}
}

func TestABodyCutAnywhereIsAParseFailure(t *testing.T) {
	t.Parallel()
	for _, text := range asIgnored(`[-1.5e+3,"\ud83d\ude00é",true,null,{"a":{}}]`) {
		for i := range text {
			if _, wrong := readBody(text[:i]); !isParseFailure(wrong) {
				t.Errorf("%q: got %v, want %s", text[:i], wrong, codeParse)
			}
		}
		if _, wrong := readBody(text); wrong != nil {
			t.Errorf("%q: got %v, want it taken", text, wrong)
		}
	}
}

// What encoding/json takes and we do not must have one of the reasons of
// stricter, and what has one we must not take: there is no other difference.
func TestDifferencesFromEncodingJSONHaveAReason(t *testing.T) {
	t.Parallel()
	for _, c := range jsonCases(t) {
		for _, text := range append(asIgnored(c.text), c.text) {
			wantAsEncodingJSON(t, text)
		}
	}
	for _, text := range addRequests() {
		wantAsEncodingJSON(t, text)
	}
}

// addRequests are bodies that add testers, or nearly.
func addRequests() []string {
	return []string{
		addresses("a@x.test"), addresses("a@x.test", "b@x.test"), addresses(` a@x.test\t`), addresses(`A\u0040x.test`), addresses("a@bücher.test"),
		addresses(), addresses(""), addresses("a"), addresses("a@x.test", "b", "c@x.test", ""),
		addresses(slices.Repeat([]string{"a@x.test"}, 500)...), addresses(slices.Repeat([]string{"a@x.test"}, 501)...),
		`{"\u0074esters":[{"\u0065mailId":"a@x.test"}]}`,
		`{"testers":[{"emailId":"a@x.test","name":"A"}],"total":1}`,
		`{"TESTERS":[{"emailId":"a@x.test"}]}`, `{"testers":[{"EmailID":"a@x.test"}]}`, `{"testerſ":[]}`,
		`{"testers":[{"emailId":"a@x.test"}],"Testers":[{"emailId":"b@x.test"}]}`,
		`{"testers":[{"emailId":"a@x.test","emailid":"b@x.test"}]}`,
		`{"testers":[{"emailId":"a@x.test","EMAILID":7}]}`,
		`{}`, `[]`, `null`, `7`, `"testers"`, `{"testers":null}`, `{"testers":{}}`, `{"testers":"a@x.test"}`, `{"testers":["a@x.test"]}`,
		`{"testers":[null]}`, `{"testers":[{}]}`, `{"testers":[[]]}`, `{"testers":[{"emailId":null}]}`, `{"testers":[{"emailId":["a@x.test"]}]}`,
		`{"testers":[{"emailId":"a@x.test"},{"emailId":1},{},[],"b@x.test",{"emailId":"@"}]}`,
	}
}

func addresses(emails ...string) string {
	if len(emails) == 0 {
		return `{"testers":[]}`
	}
	return `{"testers":[{"emailId":"` + strings.Join(emails, `"},{"emailId":"`) + `"}]}`
}

// wantAsEncodingJSON compares us with encoding/json, as a checker of text and
// as a reader of testers.
func wantAsEncodingJSON(t *testing.T, text string) {
	t.Helper()
	emails, wrong := readBody(text)
	why := stricter([]byte(text))
	if want := !json.Valid([]byte(text)) || why != ""; isParseFailure(wrong) != want {
		t.Errorf("%.200q: got %v; refused should be %v (%s)", text, wrong, want, why)
	}
	if isParseFailure(wrong) {
		return
	}
	theirs, err := testersByEncodingJSON(text)
	if ours := wrong == nil; ours != (err == nil) || ours && !slices.Equal(emails, theirs) {
		if why := otherwiseRead([]byte(text)); why == "" {
			t.Errorf("%.200q: we read %v and %v, encoding/json %v and %v", text, emails, wrong, theirs, err)
		}
	}
}

// stricter says why we refuse a text that encoding/json takes; empty when we should not.
func stricter(text []byte) string {
	switch {
	case !json.Valid(text):
		return ""
	case !utf8.Valid(text):
		return "bad UTF-8, which encoding/json replaces"
	case hasLoneSurrogate(text):
		return "half of a surrogate pair, which encoding/json replaces"
	}
	depth, twice, _ := walk(text)
	switch {
	case depth > maxDepth:
		return "nested deeper than 16, where encoding/json goes to 10,000"
	case twice:
		return "a member stands twice, of which encoding/json takes the last"
	}
	return ""
}

// otherwiseRead says why encoding/json may find other testers in a text that
// both take; empty when it should not.
func otherwiseRead(text []byte) string {
	_, _, names := walk(text)
	for _, name := range names {
		for _, known := range []string{"testers", "emailId"} {
			if name != known && strings.EqualFold(name, known) {
				return "a known name in other letters: we ignore it, encoding/json does not"
			}
		}
	}
	return ""
}

// hasLoneSurrogate looks for \ud800 to \udfff that is not half of a pair in valid JSON.
func hasLoneSurrogate(text []byte) bool {
	for i := bytes.IndexByte(text, '\\'); i >= 0 && i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // the letter; what it escapes cannot be a backslash of its own
		r := escaped(text[i:])
		if !utf16.IsSurrogate(r) {
			continue
		}
		next := text[i+5:]
		if next[0] != '\\' || utf16.DecodeRune(r, escaped(next[1:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escaped reads uXXXX; zero for any other escape.
func escaped(text []byte) rune {
	if text[0] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(string(text[1:5]), 16, 32)
	return rune(n)
}

// walk returns how deep valid JSON is nested, whether an object has a member
// twice, and the names of all members.
func walk(text []byte) (deepest int, twice bool, names []string) {
	type level struct {
		names map[string]bool // nil for an array
		value bool            // the next token is a value
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	levels := []level{{}}
	for token, err := d.Token(); err == nil; token, err = d.Token() {
		top := &levels[len(levels)-1]
		switch token {
		case json.Delim('['):
			top.value = false
			levels = append(levels, level{})
		case json.Delim('{'):
			top.value = false
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim(']'), json.Delim('}'):
			levels = levels[:len(levels)-1]
		default:
			if top.names == nil || top.value {
				top.value = false
				break
			}
			name := token.(string)
			twice = twice || top.names[name]
			top.names[name], top.value = true, true
			names = append(names, name)
		}
		deepest = max(deepest, len(levels)-1)
	}
	return deepest, twice, names
}

// testersByEncodingJSON is how a program would read the testers that knows
// nothing but encoding/json and the rules.
func testersByEncodingJSON(text string) ([]beta.Email, error) {
	var body struct {
		Testers []*struct {
			EmailID *string `json:"emailId"`
		} `json:"testers"`
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return nil, err
	}
	if len(body.Testers) == 0 || len(body.Testers) > maxTesters {
		return nil, errors.New("too few or too many")
	}
	var emails []beta.Email
	for _, tester := range body.Testers {
		if tester == nil || tester.EmailID == nil {
			return nil, errors.New("no address")
		}
		e, err := beta.ParseEmail(*tester.EmailID)
		if err != nil {
			return nil, err
		}
		emails = append(emails, e)
	}
	return emails, nil
}
