package smapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/apitest"
	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/smapi"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// site is the API over a real store, with a vendor A who has a skill, and
// another vendor B.
type site struct {
	*httptest.Server
	t       testing.TB
	clock   *storetest.Clock
	api     *smapi.API
	service *beta.Service
	store   *store.Store
	access  lwa.Access
	token   string // A's, may do everything
}

const (
	skill   = "amzn1.ask.skill.1"
	theirs  = "amzn1.ask.skill.2" // vendor B's
	test    = "/v1/skills/" + skill + "/betaTest"
	testers = test + "/testers"
)

type option func(*smapi.API, *beta.Rules)

func newSite(t testing.TB, options ...option) *site {
	t.Helper()
	return newSiteOn(t, storetest.Open, options...)
}

func newSiteOn(t testing.TB, open func(testing.TB, func() time.Time) *store.Store, options ...option) *site {
	t.Helper()
	s := &site{t: t, clock: storetest.NewClock()}
	s.store = open(t, s.clock.Now)
	s.access = lwa.Access{Store: s.store, Now: s.clock.Now}
	pages, err := smapi.NewPages(make([]byte, 32), s.clock.Now)
	s.must(err)
	api, rules := smapi.API{Access: s.access, Pages: pages}, beta.Rules{}
	api.TestURL = func(id beta.TestID) string { return "https://beta.example/test/" + id.String() }
	for _, o := range options {
		o(&api, &rules)
	}
	s.service = beta.NewService(s.store, s.clock.Now, rules, func(beta.Place, beta.Link) string { return "" }, func() {})
	api.Service = s.service
	s.api = smapi.New(api)
	edge := httpd.New(s.api, httpd.Config{Fail: smapi.EdgeFailure, MaxBodyAt: smapi.MaxBodyAt})
	s.Server = httptest.NewServer(edge)
	t.Cleanup(s.Close)
	s.seed()
	return s
}

func (s *site) seed() {
	s.t.Helper()
	ctx := context.Background()
	for vendor, id := range map[beta.VendorID]beta.SkillID{"A": skill, "B": theirs} {
		s.must(s.service.CreateVendor(ctx, beta.Vendor{ID: vendor, Name: "Vendor " + string(vendor)}))
		s.must(s.service.CreateSkill(ctx, beta.Skill{ID: id, Vendor: vendor, Name: "Skill of " + string(vendor)}))
	}
	s.token = s.issue("A", lwa.ScopeWrite)
}

func (s *site) issue(vendor beta.VendorID, scope string) string {
	s.t.Helper()
	return s.issueFor(vendor, scope, time.Hour)
}

func (s *site) issueFor(vendor beta.VendorID, scope string, ttl time.Duration) string {
	s.t.Helper()
	token, err := s.access.Issue(context.Background(), vendor, scope, ttl)
	s.must(err)
	return token
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// running brings the skill's test to RUNNING, with testers.
func (s *site) running(emails ...string) {
	s.t.Helper()
	s.expect(http.StatusCreated, "POST", test, "")
	s.expect(http.StatusAccepted, "POST", test+"/start", "")
	if emails != nil {
		s.expect(http.StatusNoContent, "POST", testers+"/add", addresses(emails...))
	}
}

func addresses(emails ...string) string {
	return `{"testers":[{"emailId":"` + strings.Join(emails, `"},{"emailId":"`) + `"}]}`
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// ask sends a request as vendor A and checks the answer against the OpenAPI document.
func (s *site) ask(method, path, body string, change ...func(*http.Request)) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	s.must(err)
	req.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	s.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	s.must(err)
	apitest.Check(s.t, req, resp, text)
	return answer{resp, string(bytes.TrimSpace(text))}
}

// expect asks and requires a status.
func (s *site) expect(status int, method, path, body string, change ...func(*http.Request)) answer {
	s.t.Helper()
	a := s.ask(method, path, body, change...)
	if a.StatusCode != status {
		s.t.Fatalf("%s %s %.200s: status %d, want %d: %s", method, path, body, a.StatusCode, status, a.body)
	}
	return a
}

func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// tester returns a tester of the skill's newest test.
func (s *site) tester(email string) (tester beta.Tester) {
	s.t.Helper()
	key, err := beta.ParseEmail(email)
	s.must(err)
	s.must(s.store.View(s.t.Context(), func(r beta.Reader) error {
		_, test, err := r.SkillTest(skill)
		if err == nil {
			tester, _, err = r.Tester(test.ID, key.Key)
		}
		return err
	}))
	return tester
}

// accept accepts for a tester.
func (s *site) accept(email string) {
	s.t.Helper()
	tester := s.tester(email)
	_, err := s.service.Accept(s.t.Context(), tester.Link(), "")
	s.must(err)
}

// mails settles all mail that is due as sent, and returns it.
func (s *site) mails() []beta.Mail {
	s.t.Helper()
	list, err := s.store.ClaimMail(s.t.Context(), "test", 1000, time.Hour)
	s.must(err)
	for _, m := range list {
		sent := beta.Settlement{State: beta.MailSent, SettledAt: s.clock.Now(), Attempts: m.Attempts}
		s.must(s.store.SettleMail(s.t.Context(), beta.Attempt{Claim: "test", Mail: m, Outcome: sent}))
	}
	return list
}
