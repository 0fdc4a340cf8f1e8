package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/storetest"
)

// corpusCase is one odd or hostile input and the answer it must get.
type corpusCase struct {
	Name         string
	Method, Path string
	Headers      json.RawMessage // an object, or a list of pairs where a name repeats
	Body         *string
	BodyB64      string `json:"body_b64"`
	BodyGen      *struct {
		Prefix, Unit, Sep, Suffix string
		Count                     int
	} `json:"body_gen"`
	Raw          string // the bytes for the socket, one latin-1 character each
	LiteralBody  bool   `json:"literal_body"`
	HalfClose    bool   `json:"half_close"`
	Repeat       int
	MaxResponses int    `json:"max_responses"`
	ExpectStatus int    `json:"expect_status"`
	ExpectAlt    []int  `json:"expect_alt"`
	ExpectCode   string `json:"expect_code"`

	ExpectJSON map[string]string `json:"expect_json"`
}

// takesBack is the one refusal that changes something: a code that comes a
// second time revokes what it gave.
const takesBack = "token/code-reuse"

// pending are the cases that need what other issues build: the console. The
// list may only shrink.
var pending = []string{
	"web/bearer-as-console-session", "web/console-POST-cross-site", "web/console-session-as-bearer",
	"web/open-redirect",
}

const maxPending = 4

func TestHostileInputGetsTheExpectedAnswer(t *testing.T) {
	t.Parallel()
	if len(pending) > maxPending {
		t.Errorf("%d cases are pending, at most %d may be", len(pending), maxPending)
	}
	w := newWorld(t)
	for _, c := range readCorpus(t) {
		t.Run(c.Name, func(t *testing.T) {
			if slices.Contains(pending, c.Name) {
				t.Skip("needs what another issue builds")
			}
			t.Parallel()
			c.check(t, w.fixture(t))
		})
	}
}

func readCorpus(t *testing.T) (cases []corpusCase) {
	t.Helper()
	text, err := os.ReadFile("testdata/bad-inputs.json")
	if err == nil {
		err = json.Unmarshal(text, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// check sends the case to a fresh server and judges the answer: its status and
// code, that a refusal is JSON where it must be, and that it changed nothing.
func (c corpusCase) check(t *testing.T, f *fixture) {
	before := storetest.Dump(t, f.database)
	answers := f.send(t, c)
	if len(answers) == 0 {
		t.Fatalf("no answer; want %d", c.ExpectStatus)
	}
	if c.MaxResponses > 0 && len(answers) > c.MaxResponses {
		t.Errorf("%d answers, at most %d are allowed", len(answers), c.MaxResponses)
	}
	for _, a := range answers {
		c.judge(t, a)
	}
	if changed := storetest.Dump(t, f.database) != before; answers[0].status >= 300 && changed != (c.Name == takesBack) {
		t.Errorf("a refused request changed the database: %v", changed)
	}
	c.after(t, f, answers)
}

func (c corpusCase) judge(t *testing.T, a reply) {
	t.Helper()
	if a.status != c.ExpectStatus && !slices.Contains(c.ExpectAlt, a.status) {
		t.Errorf("status %d, want %d %v: %.200s", a.status, c.ExpectStatus, c.ExpectAlt, a.body)
	}
	if strings.HasPrefix(c.Name, "token/") {
		c.judgeOAuth(t, a)
		return
	}
	var e struct{ Message, Code string }
	isJSON := json.Unmarshal([]byte(a.body), &e) == nil && e.Message != "" && e.Code != ""
	if a.status >= 400 && c.isAPI() && !isJSON {
		t.Errorf("status %d with a body that is not our JSON: %.200s", a.status, a.body)
	}
	if a.status == c.ExpectStatus && c.ExpectCode != "" && e.Code != c.ExpectCode {
		t.Errorf("code %q, want %q: %.200s", e.Code, c.ExpectCode, a.body)
	}
}

// judgeOAuth judges an answer of the token endpoint, which has words of its own.
func (c corpusCase) judgeOAuth(t *testing.T, a reply) {
	t.Helper()
	var e map[string]string
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || e["error"] == "" || e["error_description"] == "" {
		t.Errorf("not an error of OAuth2 in JSON: %.200s", a.body)
	}
	for name, want := range c.ExpectJSON {
		if e[name] != want {
			t.Errorf("%s: got %q, want %q: %.200s", name, e[name], want, a.body)
		}
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
}

// isAPI reports whether the answer must be JSON. net/http answers an Expect it
// does not know by itself, without a body and without asking anybody; HEAD has
// no body.
func (c corpusCase) isAPI() bool {
	return !strings.HasPrefix(c.Name, "web/") && c.Name != "header/expect-garbage" && c.Method != http.MethodHead
}

// after holds the post-conditions that the corpus tells in words.
func (c corpusCase) after(t *testing.T, f *fixture, answers []reply) {
	t.Helper()
	dump := storetest.Dump(t, f.database)
	if wanted, ok := rowsAfter[c.Name]; ok && strings.Count(dump, wanted.text) != wanted.count {
		t.Errorf("%q stands %d times in the database, want %d:\n%s", wanted.text, strings.Count(dump, wanted.text), wanted.count, dump)
	}
	if strings.HasPrefix(c.Name, "web/") && !strings.Contains(dump, "|t1@x.test|INVITED|") {
		t.Error("the tester is not INVITED any more")
	}
	if c.Name == takesBack {
		f.wantUnauthorized(t, f.values["USED_CODE_GAVE"])
	}
	if c.Name == "web/invite-tampered" {
		if other := f.roundTrip(t, "GET "+f.values["INVITE_UNKNOWN"]+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false); other[0].body != answers[0].body {
			t.Error("an altered link and an unknown one get different pages")
		}
	}
}

// rowsAfter says how often a text stands in the dump after a case.
var rowsAfter = map[string]struct {
	text  string
	count int
}{
	"json/500-testers":        {"|INVITATION|m", 500},
	"json/same-address-twice": {"|INVITATION|dup@x.test", 1},
	"json/same-address-case":  {"|INVITATION|dup2@x.test", 1},
	"email/trailing-space":    {"|a@x.test|", 3}, // the tester's two forms and the mail's
	"email/upper-case":        {"|UPPER@X.TEST|", 2},
	"email/sql-quote":         {"|o'brien@x.test|", 3},
	"email/idn-a-label":       {"|d@xn--bcher-kva.test|", 3},
	"remove/case-variant":     {"|t2@x.test|INVITED|", 0},
	"remove/one-good-one-bad": {"|t3@x.test|INVITED|", 1},
}

// reply is one answer read from a socket.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends the case over one connection, as often as it says.
func (f *fixture) send(t *testing.T, c corpusCase) (answers []reply) {
	t.Helper()
	for range max(1, c.Repeat) {
		answers = f.roundTrip(t, f.wire(t, c), c.HalfClose)
	}
	return answers
}

// roundTrip writes bytes and reads answers until the server closes or is silent.
func (f *fixture) roundTrip(t *testing.T, text string, halfClose bool) (answers []reply) {
	t.Helper()
	conn, err := net.Dial("tcp", f.public.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		io.WriteString(conn, text) // the server may answer and close before it read all
		if halfClose {
			conn.(*net.TCPConn).CloseWrite()
		}
	}()
	r := bufio.NewReader(conn)
	for {
		conn.SetReadDeadline(time.Now().Add(patience(len(answers))))
		resp, err := http.ReadResponse(r, request(text))
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(resp.Body)
		answers = append(answers, reply{resp.StatusCode, resp.Header, string(body)})
		if resp.Close {
			return answers
		}
	}
}

// patience is how long to wait for an answer: the first one comes, further ones
// mostly must not.
func patience(answers int) time.Duration {
	if answers == 0 {
		return 20 * time.Second
	}
	return 100 * time.Millisecond
}

// request tells the reader of answers about HEAD, whose answers have no body.
func request(text string) *http.Request {
	method, _, _ := strings.Cut(text, " ")
	return &http.Request{Method: method}
}

// wire writes the case as bytes for the socket.
func (f *fixture) wire(t *testing.T, c corpusCase) string {
	t.Helper()
	if c.Raw != "" {
		return latin1(f.expand(c.Raw))
	}
	path := f.expand(c.Path)
	if c.Method == http.MethodPost && strings.HasPrefix(c.Name, "web/invite") {
		path += "/accept"
	}
	body := c.body(t)
	if !c.LiteralBody {
		body = f.expand(body)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", c.Method, path)
	host := "h"
	for _, h := range c.headers(t) {
		if h[0] == "Host" {
			host = h[1]
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], f.expand(h[1]))
	}
	fmt.Fprintf(&b, "Host: %s\r\n", host)
	if !strings.Contains(string(c.Headers), `"Connection"`) {
		b.WriteString("Connection: close\r\n") // one answer is expected; do not wait for more
	}
	if c.Body != nil || body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

func (c corpusCase) body(t *testing.T) string {
	t.Helper()
	if c.Body != nil {
		return *c.Body
	}
	if g := c.BodyGen; g != nil {
		units := make([]string, g.Count)
		for i := range units {
			units[i] = strings.ReplaceAll(g.Unit, "%d", fmt.Sprint(i))
		}
		return g.Prefix + strings.Join(units, g.Sep) + g.Suffix
	}
	raw, err := base64.StdEncoding.DecodeString(c.BodyB64)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (c corpusCase) headers(t *testing.T) (list [][2]string) {
	t.Helper()
	if json.Unmarshal(c.Headers, &list) == nil {
		return list
	}
	var object map[string]string
	if err := json.Unmarshal(c.Headers, &object); err != nil {
		t.Fatal(err)
	}
	for name, value := range object {
		list = append(list, [2]string{name, value})
	}
	return list
}

// latin1 makes one byte of each character.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
