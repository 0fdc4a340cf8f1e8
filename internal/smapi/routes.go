package smapi

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
)

// API serves everything under /v1 and /x, and the API's own description. Any
// path it does not know is a 404 with a JSON body.
type API struct {
	Service *beta.Service
	Access  lwa.Access
	Pages   Pages                    // makes and reads nextTokens
	Limits  *Limits                  // nil means no rate limit
	TestURL func(beta.TestID) string // the page of a test, its invitationUrl
	Returns Returns                  // takes what relays post; nil means that none may

	routes []route
	shown  *shown
}

// route is one line of the table.
type route struct {
	method  string
	pattern string
	handle  func(*API, *call) error
	need    beta.Need
	body    bool     // says something in a body, by decode: who calls is asked when that is there
	repeat  string   // the query parameter that may stand several times
	open    bool     // takes no token: anybody may, or the request proves itself
	name    string   // method and pattern
	path    []string // the pattern's segments
}

// What a route needs of its caller and skill.
var (
	nothing   = beta.Need{}
	aTest     = beta.Need{Test: true}
	toCreate  = beta.Need{Write: true, Own: true}
	ownTest   = beta.Need{Write: true, Own: true, Test: true}
	writeTest = beta.Need{Write: true, Test: true}
)

// table is every route, one line each.
func table() []route {
	const (
		test    = "/v1/skills/{skillId}/betaTest"
		testers = test + "/testers"
		ours    = "/x/v1/skills/{skillId}"
	)
	return []route{
		{method: "GET", pattern: test, handle: (*API).betaTest, need: aTest},
		{method: "POST", pattern: test, handle: (*API).createTest, body: true, need: toCreate},
		{method: "PUT", pattern: test, handle: (*API).updateTest, body: true, need: ownTest},
		{method: "POST", pattern: test + "/start", handle: (*API).startTest, need: ownTest},
		{method: "POST", pattern: test + "/end", handle: (*API).endTest, need: ownTest},
		{method: "GET", pattern: testers, handle: (*API).listTesters, need: aTest},
		{method: "POST", pattern: testers + "/add", handle: (*API).addTesters, body: true, need: writeTest},
		{method: "POST", pattern: testers + "/remove", handle: (*API).removeTesters, body: true, need: writeTest},
		{method: "POST", pattern: testers + "/sendReminder", handle: (*API).sendReminder, body: true, need: writeTest},
		{method: "POST", pattern: testers + "/requestFeedback", handle: (*API).requestFeedback, body: true, need: writeTest},

		{method: "GET", pattern: "/v1/vendors", handle: (*API).vendors, need: nothing},
		{method: "GET", pattern: "/v1/skills", handle: (*API).skills, need: nothing, repeat: "skillId"},
		{method: "GET", pattern: "/v1/skills/{skillId}/status", handle: (*API).skillStatus, need: nothing, repeat: "resource"},

		{method: "GET", pattern: ours + "/entitlements/{emailId}", handle: (*API).entitlement, need: aTest},
		{method: "GET", pattern: ours + "/batches/{batchId}", handle: (*API).batch, need: aTest},
		{method: "POST", pattern: ours + "/testers", handle: (*API).addMore, body: true, need: writeTest},
		{method: "PUT", pattern: ours + "/language", handle: (*API).setLanguage, body: true, need: ownTest},
		{method: "GET", pattern: ours + "/testers/{emailId}", handle: (*API).story, need: aTest},
		{method: "POST", pattern: ours + "/testers/{emailId}/resend", handle: (*API).resend, need: writeTest},
		{method: "GET", pattern: ours + "/feedback", handle: (*API).feedback, need: aTest},

		{method: "POST", pattern: returnsPath + "{relay}", handle: (*API).returned, open: true},
		{method: "POST", pattern: returnsPath + "{relay}/{secret}", handle: (*API).returned, open: true},

		{method: "GET", pattern: "/openapi.yaml", handle: (*API).openAPI, open: true},
	}
}

// New returns the API with its routes in place.
func New(a API) *API {
	a.routes, a.shown = table(), newShown()
	for i := range a.routes {
		rt := &a.routes[i]
		rt.name, rt.path = rt.method+" "+rt.pattern, segments(nil, rt.pattern)
	}
	return &a
}

// call is one request on its way through the API.
type call struct {
	w        http.ResponseWriter
	r        *http.Request
	asked    context.Context // of the request as it came: r's knows what is presumed
	again    bool            // it was served before, by what was presumed
	counted  bool            // against its rates
	access   lwa.Access
	by       beta.Caller
	presumed bool // by is only believed
	route    *route
	skill    beta.SkillID // when the route has one
	query    url.Values
	args     []string // the other {parameters} of the path, still escaped; all of them where there is no token

	room [3]string // for the parameters: no pattern has more
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, asked: r.Context(), access: a.Access}
	err := a.serve(c)
	if errors.Is(err, lwa.ErrOutdated) { // nothing was done but to look
		c = &call{w: w, r: r, asked: r.Context(), access: a.Access, again: true, counted: c.counted}
		err = a.serve(c)
	}
	if err != nil {
		fail(c, err)
	}
}

// serve answers one request, except with an error. Where it may presume, it may
// end in ErrOutdated.
func (a *API) serve(c *call) error {
	rt, args, err := a.find(c)
	if err != nil {
		return err
	}
	c.route = rt
	httpd.Route(c.r.Context(), rt.name)
	if rt.open {
		c.args = args
		return rt.handle(a, c)
	}
	if err := c.identify(!c.again && (c.r.Method == http.MethodGet || rt.body)); err != nil {
		return err
	}
	if err := a.pass(c, args); err != nil {
		if rt.body && c.asked.Err() != nil { // it ended before its body came: nobody can be judged any more
			return err
		}
		return cmp.Or(c.confirm(), err)
	}
	return nil
}

// identify tells who calls.
func (c *call) identify(presume bool) (err error) {
	ctx := c.asked
	if presume {
		ctx, c.by, err = c.access.Presume(ctx, c.r.Header)
	} else {
		c.by, err = c.access.Caller(ctx, c.r.Header)
	}
	c.by.RequestID = httpd.RequestID(ctx)
	c.presumed = ctx != c.asked
	if ctx != c.r.Context() {
		c.r = c.r.WithContext(ctx)
	}
	return err
}

// confirm comes before any answer: who calls may only be believed.
func (c *call) confirm() error {
	if !c.presumed {
		return nil
	}
	return c.access.Confirm(c.r.Context())
}

// pass has the request of a caller handled that is in order.
func (a *API) pass(c *call, args []string) error {
	if !c.again {
		httpd.Note(c.r.Context(), slogCaller(c.by))
	}
	if !c.counted {
		if err := a.Limits.take(c.r.Context(), c.by, args); err != nil {
			return err
		}
		c.counted = true
	}
	if err := c.bind(args); err != nil {
		return err
	}
	if wrong := c.readQuery(); wrong != nil {
		return a.refuse(c, wrong)
	}
	return c.route.handle(a, c)
}

// check returns the error that comes before anything wrong with the request
// itself; nil for a caller who may know more.
func (a *API) check(c *call) error {
	if c.skill == "" {
		return nil
	}
	return a.Service.Check(c.r.Context(), c.by, c.skill, c.route.need)
}

// refuse answers a request that is wrong in itself, but only to a caller who
// may know: anybody else gets the error that comes before.
func (a *API) refuse(c *call, wrong violations) error {
	if err := a.check(c); err != nil {
		return err
	}
	return invalid(wrong.orNil())
}

// bind takes the path's parameters; the first, where there is one, is the skill id.
func (c *call) bind(args []string) error {
	if len(args) == 0 {
		return nil
	}
	id, err := url.PathUnescape(args[0])
	if err != nil {
		return invalid(beta.Violation{Code: codeParameter, Message: "skillId: bad percent-encoding"})
	}
	c.skill, err = beta.ParseSkillID(id)
	c.args = args[1:]
	return invalid(err)
}

// find returns the route for a request and the path's parameters.
func (a *API) find(c *call) (rt *route, args []string, err error) {
	var room [8]string // no pattern has more segments
	path := segments(room[:0], sent(c.r.URL))
	method := c.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allow []string
	for i := range a.routes {
		rt := &a.routes[i]
		if !match(rt.path, path) {
			continue
		}
		if rt.method == method {
			return rt, parameters(c.room[:0], rt.path, path), nil
		}
		allow = append(allow, methods(rt.method)...)
	}
	if allow == nil {
		return nil, nil, errNoRoute
	}
	c.w.Header().Set("Allow", strings.Join(allow, ", "))
	return nil, nil, errNoVerb
}

// sent returns the path as it stood in the request. EscapedPath alone would
// write a path with an odd character, such as a quote, anew: every %2F in it
// would become a slash.
func sent(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}

func methods(m string) []string {
	if m == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{m}
}

// segments appends the segments of a path to list; one that does not begin with
// a slash has none.
func segments(list []string, path string) []string {
	for rest, more := strings.CutPrefix(path, "/"); more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		list = append(list, segment)
	}
	return list
}

// match compares a path with a pattern, segment by segment and as it was sent:
// an encoded letter in a literal segment is another path. A parameter may be
// anything but "." and "..", which make the path unclean.
func match(pattern, path []string) bool {
	if len(pattern) != len(path) {
		return false
	}
	for i, p := range pattern {
		if isParameter(p) && (path[i] == "." || path[i] == "..") || !isParameter(p) && p != path[i] {
			return false
		}
	}
	return true
}

// parameters appends to list what stands in a path where its pattern has {parameters}.
func parameters(list, pattern, path []string) []string {
	for i, p := range pattern {
		if isParameter(p) {
			list = append(list, path[i])
		}
	}
	return list
}

func isParameter(segment string) bool { return segment != "" && segment[0] == '{' }

//go:embed openapi.yaml
var openAPI string

// OpenAPI returns the API's description, an OpenAPI 3.1 document.
func OpenAPI() string { return openAPI }

// Routes returns every route as "METHOD /pattern", for tests that walk them.
func Routes() []string {
	var list []string
	for _, r := range table() {
		list = append(list, r.method+" "+r.pattern)
	}
	return list
}

func (a *API) openAPI(c *call) error {
	c.w.Header().Set("Content-Type", "application/yaml")
	io.WriteString(c.w, openAPI)
	return nil
}
